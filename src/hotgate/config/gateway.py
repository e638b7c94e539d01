"""The whole file as one model; `models.gateway_model` adds the keys of policies and mechanisms."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from hotgate.config.admin import Admin
from hotgate.config.apis import Api
from hotgate.config.assertion import AssertionIssuer
from hotgate.config.authorization import Authorization
from hotgate.config.brute_force import BruteForce
from hotgate.config.counters import Counters
from hotgate.config.decision_log import DecisionLog
from hotgate.config.limits import Limits
from hotgate.config.listeners import Listener
from hotgate.config.notation import Notation, refused
from hotgate.config.overload import Overload
from hotgate.config.priorities import Priorities
from hotgate.config.resilience import Resolver
from hotgate.config.routes import Route, RouteOptions
from hotgate.config.security_events import SecurityEvents
from hotgate.config.sessions import Sessions
from hotgate.config.settings import Flag, Name, Settings, WholeNumber
from hotgate.config.store import Store
from hotgate.config.upstreams import Upstream
from hotgate.config.valkey import Valkey

MAX_ROUTES = 100_000
MECHANISM_FIELD = "mechanism_"

_WORKERS = WholeNumber(1, 256)


def _read_workers(value: object) -> int | Literal["auto"]:
    try:
        return "auto" if value == "auto" else int(_WORKERS.read(value))
    except ValueError:
        raise refused("must be auto or a whole number from 1 to 256") from None


Workers = Annotated[
    int | Literal["auto"], Notation(_read_workers, {"anyOf": [{"const": "auto"}, _WORKERS.schema]}, lambda value: value)
]


class AccessLog(Settings):
    """One line of JSON for each request."""

    path: str = Field(
        default="stdout", min_length=1, max_length=4096, description="`stdout` or a file, which is appended to."
    )
    enabled: Flag = Field(default=True, description="Say `false` to write none.")


class Identity(Settings):
    """One way to prove who is calling: a mapping of exactly one mechanism to its settings."""

    @property
    def mechanism(self) -> str:
        """The mechanism's name, as `jwt`."""
        return self._given()[0]

    @property
    def settings(self) -> Any:
        """The mechanism's validated settings."""
        return getattr(self, MECHANISM_FIELD + self.mechanism)

    def _given(self) -> list[str]:
        names = [name for name in type(self).model_fields if getattr(self, name) is not None]
        return [name.removeprefix(MECHANISM_FIELD) for name in names]

    @model_validator(mode="after")
    def _has_one_mechanism(self) -> "Identity":
        if len(self._given()) != 1:
            known = ", ".join(sorted(name.removeprefix(MECHANISM_FIELD) for name in type(self).model_fields))
            raise refused(f"needs exactly one mechanism: {known}")
        return self


class Gateway(Settings):
    """The keys at the top of the main file."""

    listeners: tuple[Listener, ...] = Field(
        min_length=1, max_length=256, description="Where clients connect: at least one."
    )
    admin: Admin = Field(default=Admin(), description="Metrics, health and the admin API.")
    workers: Workers = Field(default="auto", description="Worker processes: a number, or `auto` for one per core.")
    upstreams: dict[Name, Upstream] = Field(default={}, max_length=MAX_ROUTES, description="Backends, by name.")
    resolver: Resolver = Field(default=Resolver(), description="How names of targets become addresses.")
    identity: dict[Name, Identity] = Field(
        default={}, max_length=10_000, description="Ways to prove who is calling, by name."
    )
    store: Store | None = Field(
        default=None, description="Consumers, managed API keys and revocations. Not set: there are none."
    )
    valkey: Valkey | None = Field(
        default=None,
        description="A Valkey or Redis server, for sessions with `keep: valkey` and `counters`. Not set: none is used.",
    )
    counters: Counters = Field(default=Counters(), description="Where limits are counted.")
    security_events: dict[Name, SecurityEvents] = Field(
        default={},
        max_length=1000,
        description="Who may tell the gateway that sessions, tokens and accounts are no longer good, by name.",
    )
    apis: dict[Name, Api] = Field(
        default={},
        max_length=1000,
        description="APIs with several versions, by name; routes belong to them by `version`.",
    )
    routes: tuple[Route, ...] = Field(default=(), max_length=MAX_ROUTES, description="What is served.")
    defaults: RouteOptions = Field(
        default=RouteOptions(), description="What every route inherits. Here and in profiles, keys are merged whole."
    )
    profiles: dict[Name, RouteOptions] = Field(
        default={}, max_length=10_000, description="Named parts of routes, for those that name them."
    )
    include: tuple[str, ...] = Field(
        default=(),
        max_length=256,
        description="Files or patterns such as `routes/*.yaml`, relative to the folder of this file. Each may hold "
        "routes, upstreams, identity and profiles.",
    )
    authorization: Authorization = Field(
        default=Authorization(), description="What routes share to decide who may do what."
    )
    assertion: AssertionIssuer = Field(
        default=AssertionIssuer(), description="Who signs what backends are told of a caller, and with what keys."
    )
    sessions: Sessions = Field(default=Sessions(), description="What the sessions of browsers have in common.")
    access_log: AccessLog = Field(default=AccessLog(), description="The log of requests.")
    decision_log: DecisionLog | None = Field(
        default=None, description="The log of decisions: who may do what, and by which rule. Not set: there is none."
    )
    limits: Limits = Field(default=Limits(), description="Bounds on what a client may send or keep open.")
    brute_force: BruteForce = Field(
        default=BruteForce(), description="What becomes of clients who send one bad credential after another."
    )
    overload: Overload = Field(
        default=Overload(), description="When a worker has too much to do, and what it gives up then."
    )
    priorities: Priorities = Field(
        default=Priorities(), description="What is served first, and given up last, when not all can be."
    )
    runtime_dir: str | None = Field(
        default=None, min_length=1, max_length=4096, description="Folder for sockets and locks of the processes."
    )
    state_dir: str | None = Field(
        default=None,
        min_length=1,
        max_length=4096,
        description="Folder for what must outlive a restart: the gateway's own secrets, and its store. Not set: "
        "`$STATE_DIRECTORY` (systemd), or else `hotgate-state` beside the main file. Keep it in backups.",
    )
    watch: Flag = Field(default=True, description="Reload when a file of the configuration changes.")
    encoded_slashes: Literal["refuse", "keep"] = Field(
        default="refuse",
        description="A path with `%2F`: answer 400, or pass it on encoded. Backends differ in how they read it.",
    )
    underscore_headers: Literal["drop", "refuse"] = Field(
        default="drop",
        description="Header names with `_`, which many backends confuse with `-`: remove the field, or answer 400.",
    )
    dotted_headers: Literal["pass", "drop", "refuse"] = Field(
        default="pass",
        description="Header names with `.`, which PHP confuses with `_`: pass them on, remove the field (as nginx"
        " does), or answer 400. Names that are the gateway's own never pass, however they are spelt.",
    )
