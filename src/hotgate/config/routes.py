"""`routes:`: which requests, who may send them, what answers them. `defaults` and `profiles` hold parts of routes."""

import re
from itertools import chain
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from hotgate.config.authentication import AllOf, Proof
from hotgate.config.notation import Notation, refused
from hotgate.config.priorities import PriorityName
from hotgate.config.settings import Flag, Form, HeaderName, HeaderValue, Name, Settings, WholeNumber, given
from hotgate.config.units import SizeBetween

KINDS_OF_TARGET = ("upstream", "redirect", "respond")
POLICY_FIELD = "policy_"

_PARAMETER = re.compile(r"\{[A-Za-z_][A-Za-z0-9_]{0,63}\}")
_PATH_CHARACTERS = re.compile(r"/[!-~]{0,2047}")
_MAX_BODY = 10 * 1024 * 1024

_METHOD = Form(r"[A-Z][A-Z0-9_-]{0,31}", "use a method in capital letters, such as GET")
_HOST = Form(
    r"(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\]",
    "use a host name without scheme and port, such as api.example.com or *.example.com",
)
QueryName = Annotated[
    str, Form(r"[^\x00-\x20\x7f&=#]{1,256}", "use a parameter's name, decoded, at most 256 characters")
]
_LOCATION = Form(r"(https?://[^/?#\s\\][!-~]{0,2047}|/([!-.0-\[\]-~][!-~]{0,2046})?)", "use an http(s) URL or a path")


def _read_path(value: object) -> str:
    if not isinstance(value, str) or not _PATH_CHARACTERS.fullmatch(value):
        raise refused("a path starts with '/' and holds printable ASCII characters; encode others as %XX")
    if "?" in value or "#" in value:
        raise refused("a path has no query or fragment; conditions on the query go under `match.query`")
    segments = value.split("/")
    if any("*" in segment for segment in segments[:-1]) or ("*" in segments[-1] and segments[-1] != "*"):
        raise refused("'*' may only be the whole last segment: /orders/*")
    names = [segment for segment in segments if "{" in segment or "}" in segment]
    if not all(_PARAMETER.fullmatch(name) for name in names):
        raise refused("a parameter is a whole segment with a name of letters, digits and '_': /orders/{id}")
    if len(set(names)) < len(names):
        raise refused("each parameter of a path needs its own name")
    return value


def _read_prefix(value: object) -> str:
    path = _read_path(value)
    if "{" in path or "*" in path or (path.endswith("/") and path != "/"):
        raise refused("a prefix has no parameters, no '*' and no '/' at its end: /orders")
    return path


PathPattern = Annotated[str, Notation(_read_path, {"type": "string", "pattern": "^/", "maxLength": 2048})]

HostPattern = Annotated[str, _HOST]

PathPrefix = Annotated[str, Notation(_read_prefix, {"type": "string", "pattern": "^/[^{*]*$", "maxLength": 2048})]


class Match(Settings):
    """Which requests a route is for. All conditions must hold; the most specific route wins, whatever the order."""

    path: PathPattern = Field(description="An exact path, with `{name}` for a segment, or a last `/*` for the rest.")
    hosts: tuple[HostPattern, ...] = Field(
        default=(),
        max_length=1000,
        description="Host names, without port; `*.example.com` for names below. Default: any.",
    )
    methods: tuple[Annotated[str, _METHOD], ...] = Field(
        default=(), max_length=64, description="Methods; GET includes HEAD. Default: any."
    )
    headers: dict[HeaderName, HeaderValue] = Field(
        default={}, max_length=64, description='Header fields and the value each must have; "*" for any value.'
    )
    query: dict[QueryName, HeaderValue] = Field(
        default={}, max_length=64, description='Query parameters and the value each must have; "*" for any value.'
    )


class Redirect(Settings):
    """An answer that sends the client elsewhere."""

    to: Annotated[str, _LOCATION] = Field(description="An http(s) URL or an absolute path: the Location of the answer.")
    status: Literal[301, 302, 303, 307, 308] = Field(default=308, description="The status code.")


class Respond(Settings):
    """A fixed answer."""

    status: Annotated[int, WholeNumber(200, 599)] = Field(default=200, description="The status code.")
    headers: dict[HeaderName, HeaderValue] = Field(
        default={}, max_length=64, description="Header fields of the answer."
    )
    body: str = Field(default="", max_length=1024 * 1024, description="The body, in UTF-8.")
    jwks: Flag = Field(
        default=False,
        description="Answer with the public keys that verify the gateway's assertions (JWKS), instead of a `body`.",
    )

    @model_validator(mode="after")
    def _has_one_content(self) -> "Respond":
        if self.jwks and (self.body or self.status != 200):
            raise refused("`jwks` is an answer of its own; remove `body` and `status`")
        return self


class Rewrite(Settings):
    """What the upstream sees as the path."""

    strip_prefix: PathPrefix | None = Field(
        default=None, description="Removed from the start of the path, whole segments only."
    )
    path: PathPattern | None = Field(
        default=None,
        description="The new path: `{name}` is a parameter of the match, a last `*` is what its `*` matched.",
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> "Rewrite":
        if len(given(self, ("strip_prefix", "path"))) != 1:
            raise refused("say either `strip_prefix` or `path`")
        return self


class RouteOptions(Settings):
    """What `defaults` and profiles may hold: a route's keys but `name`, `match` and `profiles`."""

    upstream: Name | None = Field(default=None, description="The upstream that answers.")
    redirect: Redirect | None = Field(default=None, description="Answer with a redirect.")
    respond: Respond | None = Field(default=None, description="Answer with a fixed response.")
    rewrite: Rewrite | None = Field(default=None, description="Change the path that the upstream sees.")
    authenticate: tuple[Proof, ...] = Field(
        default=(),
        min_length=1,
        max_length=64,
        description="Names under `identity`: any one of them lets a caller in; the first that finds its kind of "
        "credential decides. `{all: [names]}` stands for several that must come together.",
    )
    public: Flag = Field(default=False, description="Say `true` to let anybody in. Then there is no `authenticate`.")
    identity_headers: Flag = Field(
        default=True,
        description="Whether the backend is told who calls in `X-Auth-*`. Say `false` for one that only reads the"
        " `assertion`, or that is not yours. What clients send under these names never passes.",
    )
    metadata: dict[Name, HeaderValue] = Field(
        default={},
        max_length=64,
        description="What you say of the route, as `owner: payments`; conditions read it as `route.metadata`.",
    )
    priority: PriorityName | None = Field(
        default=None,
        description="Which class the route's requests have when not all can be served, whoever calls: `critical` (never"
        " given up; for health checks), `high`, `normal` or `low`. Not set: as `priorities` says of the caller, or"
        " else `normal`.",
    )
    max_body: Annotated[int, SizeBetween("0", "1024GiB")] = Field(
        default=_MAX_BODY, description="The largest request body; more is answered 413."
    )

    max_concurrent: Annotated[int, WholeNumber(1, 1_000_000)] | None = Field(
        default=None,
        description="Requests of the route that may be under way at once with each worker; more are answered 503."
        " Not set: as many as there may be connections. nginx: `limit_conn`.",
    )

    def policy(self, name: str) -> Any:
        """The validated value of a policy's key, or None when the route does not have it."""
        if name == "authenticate":
            return self.authenticate or None
        return getattr(self, POLICY_FIELD + name, None)

    @property
    def identities(self) -> list[str]:
        """Every name that `authenticate` holds, each once."""
        proofs = (proof.all if isinstance(proof, AllOf) else (proof,) for proof in self.authenticate)
        return list(dict.fromkeys(chain.from_iterable(proofs)))

    @property
    def policy_names(self) -> list[str]:
        """The policies that the route has, besides `authenticate`."""
        names = [
            field.removeprefix(POLICY_FIELD) for field in type(self).model_fields if field.startswith(POLICY_FIELD)
        ]
        return [name for name in names if self.policy(name) is not None]


class Route(RouteOptions):
    """Some requests, who may send them, and what answers them. Other keys come from profiles and `defaults`."""

    name: Name = Field(description="A unique name, for logs and metrics.")
    match: Match = Field(description="Which requests it is for.")
    profiles: tuple[Name, ...] = Field(
        default=(), max_length=16, description="Profiles to inherit from; a later one wins over an earlier one."
    )

    @model_validator(mode="after")
    def _is_complete(self) -> "Route":
        kinds = given(self, KINDS_OF_TARGET)
        if len(kinds) != 1:
            raise refused(f"a route needs exactly one of upstream, redirect or respond, not {_listed(kinds)}")
        if self.public == bool(self.authenticate):
            raise refused(BOTH_PUBLIC_AND_NOT if self.public else NEITHER_PUBLIC_NOR_NOT)
        return self

    @model_validator(mode="after")
    def _rewrite_fits_match(self) -> "Route":
        segments = self.match.path.split("/")
        prefix = self.rewrite.strip_prefix if self.rewrite else None
        if prefix is not None and prefix.split("/") != segments[: len(prefix.split("/"))] and prefix != "/":
            raise refused("`rewrite.strip_prefix` must be the start of `match.path`, whole segments of it")
        template = (self.rewrite.path if self.rewrite else None) or ""
        if any(part not in segments for part in template.split("/") if part == "*" or part.startswith("{")):
            raise refused("`rewrite.path` may only use the parameters and the '*' of `match.path`")
        return self


NEITHER_PUBLIC_NOR_NOT = "who may use this route? say `authenticate: [names]`, or `public: true` to let anybody in"
BOTH_PUBLIC_AND_NOT = "`public: true` and `authenticate` contradict each other; remove one"


def _listed(kinds: list[str]) -> str:
    return " and ".join(kinds) if kinds else "none"
