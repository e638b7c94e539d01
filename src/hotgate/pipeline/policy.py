"""How a policy is declared: the built-in ones, and those that users write in Python (docs/policies.md)."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from pydantic import BaseModel

from hotgate.http.headers import InvalidHeader  # noqa: F401  (part of what policy authors may catch)
from hotgate.http.response import Response
from hotgate.identity.places.credential_source import CredentialSource
from hotgate.pipeline.decision import Path
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.route import Outcome, Step


@dataclass(frozen=True, slots=True)
class PhasedStep:
    """One callable of a compiled policy and the phase it runs in. body_limit > 0: it needs the whole body, so large.

    owned_fields: request fields (`reserved.spelling`) that clients cannot send as trailers either. needs_credential:
    what the caller was recognised by is kept for it, as `exchange.state[outgoing.CREDENTIAL]`. copied_body: bytes of a
    body that it wants a copy of while the body passes (`pipeline/body_copy.py`); -1: none. is_place: it takes what a
    client must not hold that has not begun to send its body. policy: the route's key that it comes from; set when the
    route is put together, unless the policy says another. path: where that key stands, if not below the route.
    """

    phase: Phase
    run: Step
    body_limit: int = 0
    owned_fields: frozenset[bytes] = frozenset()
    needs_credential: bool = False
    copied_body: int = -1
    is_place: bool = False
    policy: str = ""
    path: tuple[str | int, ...] = ()


class Authenticator(Protocol):
    """One compiled entry of `identity:`.

    `authenticate` returns None when the request carries no credential of its kind (the next one is asked), a
    `Principal` or a `Response` (refused) otherwise, or an awaitable of any of these.
    """

    name: str
    challenge: str  # the value of WWW-Authenticate when nothing was sent (RFC 9110 §11.6.1)
    forwards_credential: bool  # whether the backend gets the credential after this authenticator has verified it

    @property
    def sources(self) -> Sequence[CredentialSource]: ...  # where credentials may stand; empty: not in the request

    def authenticate(self, exchange: Exchange) -> Any: ...


@runtime_checkable
class ShowsToken(Protocol):
    """An authenticator whose callers have a token of an authorization server, which can be exchanged for another."""

    def presented_token(self, exchange: Exchange) -> bytes | None:
        """The token by which the caller was recognised. Called once that is so, before credentials are removed."""


LoginOffer = Callable[[Exchange], Response | Awaitable[Response] | None]  # None: to a program nothing is offered


@runtime_checkable
class OffersLogin(Protocol):
    """An authenticator by which people can log in who come without any credential."""

    def login_offer(self, entries: Sequence[Any]) -> LoginOffer:
        """What is offered for all of its kind on a route, itself among them."""


@runtime_checkable
class ReplacesToken(Protocol):
    """An authenticator whose callers' backends may get another token than the one that was sent.

    replaces_token: whether they do.
    """

    @property
    def replaces_token(self) -> bool: ...


@runtime_checkable
class LimitsCallers(Protocol):
    """An authenticator whose callers may have limits of their own. limits_callers: whether they may."""

    @property
    def limits_callers(self) -> bool: ...


@runtime_checkable
class BelievesHosts(Protocol):
    """An authenticator that may compare what it verifies with the host that a request names.

    needs_hosts: whether it does; then only a route that says which hosts are its own can use it.
    """

    @property
    def needs_hosts(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class CompileContext:
    """What a policy may use while it is compiled. services: objects of the worker, by name ("limiter", "key_sets").

    upstream_name: of the upstream that answers, "" if none does. outgoing: the steps that it asks for itself.
    hosts: the only ones that the route serves, if any. parameters: the names in its path. metadata: what the file says
    of the route. path: its own place in the file, as ("routes", 3). is_public: nobody is authenticated.
    """

    route_name: str
    identities: Mapping[str, Authenticator] = field(default_factory=dict)
    services: Mapping[str, Any] = field(default_factory=dict)
    upstream_name: str = ""
    outgoing: Sequence[PhasedStep] = ()
    hosts: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    path: Path = ()
    is_public: bool = False


class WrongSetting(ValueError):
    """What a policy's compile step finds wrong below its own key. path: from that key on, as ("rules", 0, "when").

    is_of_file: path is one of the whole file, as ("authorization", "policies", "staff", 0).
    """

    def __init__(self, path: Path, message: str, *, is_of_file: bool = False) -> None:
        super().__init__(message)
        self.path = path
        self.is_of_file = is_of_file


class WrongSettings(ValueError):
    """Several of them at once."""

    def __init__(self, problems: Sequence[WrongSetting]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class PolicySpec:
    """A built-in policy: `name` is its key in a route, `model` the pydantic type of its value.

    `compile` gets the validated value and returns steps; it raises ValueError for what only it can check, WrongSetting
    or WrongSettings to say at which key. sees_last_form: its steps stand behind whatever changes the request, `rewrite`
    too, and before what the upstream asks for itself.
    """

    name: str
    model: Any
    compile: Callable[[Any, CompileContext], Sequence[PhasedStep]]
    sees_last_form: bool = False


@dataclass(frozen=True, slots=True)
class MechanismSpec:
    """A kind of entry under `identity:` (`jwt`, `api_key`): its model, and its compile step → Authenticator."""

    name: str
    model: type[BaseModel]
    compile: Callable[[str, Any, Mapping[str, Any]], Authenticator]


PolicyFunction = Callable[..., Outcome | Awaitable[Outcome]]


@dataclass(frozen=True, slots=True)
class UserPolicy:
    """What the `policy` decorator leaves behind; still callable, so that a test can call it directly."""

    function: PolicyFunction
    phase: Phase
    options: type[BaseModel] | None = None
    body_limit: int = 0

    def __call__(self, *args: Any) -> Awaitable[Response | None] | Response | None:
        return self.function(*args)
