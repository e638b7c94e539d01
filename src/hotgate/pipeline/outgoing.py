"""What an upstream asks for at the end of every route to it: a credential, a signature (`policies/outgoing`).

They are ordinary steps of the phase `shape`, behind all others: they may wait, and ask for the whole body. Method,
path, query, fields and body of `exchange.request` are then what the backend gets, and `host_of` says which Host. Only
fields about the connection and the way here are written later (`edge/request_head.py`). Another try sends the same.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hotgate.config.upstreams import Upstream
from hotgate.http.request import Request

CREDENTIAL = "authenticate.credential"  # in `exchange.state`, bytes: for steps that declare `needs_credential`


@dataclass(frozen=True, slots=True)
class OutgoingContext:
    """What the settings of one upstream are compiled with; its steps are shared by all routes to it.

    services: of the worker.
    """

    name: str
    settings: Upstream
    services: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_https(self) -> bool:
        """Whether every target is reached by TLS."""
        return all(target.url.scheme == "https" for target in self.settings.targets)

    def host_of(self) -> Callable[[Request], bytes]:
        """How to tell the Host that the backend will see. Raises ValueError if that is up to the target chosen."""
        hosts = {target.url.authority.encode("ascii") for target in self.settings.targets}
        own = hosts.pop()
        if self.settings.host == "preserve":
            return lambda request: request.authority or own  # HTTP/1.0 needs none
        if hosts:
            raise ValueError("what is signed names one Host, but with `host: upstream` each target here has its own")
        return lambda request: own
