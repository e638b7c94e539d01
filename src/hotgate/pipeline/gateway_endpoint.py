"""A path that the gateway answers itself, because a way to authenticate needs it: where a login comes back to, say."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from hotgate.pipeline.route import Step


@dataclass(frozen=True, slots=True)
class GatewayEndpoint:
    """path: exact and canonical. answer: gives a Response, or an awaitable of one; nobody is authenticated before it.

    max_body: bytes of the largest body, which `answer` gets whole; 0: it does without, and none is accepted.
    """

    path: str
    methods: frozenset[str]
    answer: Step
    max_body: int = 0


@runtime_checkable
class HasEndpoints(Protocol):
    """An authenticator that needs such paths: they are served on every host whose routes name it."""

    @property
    def endpoints(self) -> Sequence[GatewayEndpoint]: ...


def route_name(identity: str) -> str:
    """What the endpoints of an entry are called in logs and metrics. No route of a file can have this name."""
    return f"identity:{identity}"


def events_name(receiver: str) -> str:
    """The same of an entry of `security_events`."""
    return f"events:{receiver}"
