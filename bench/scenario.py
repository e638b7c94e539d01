"""What a server is asked to do in one case. Each peer turns it into its own configuration."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HOST = "api.example.com"
PATH = "/orders/7"


@dataclass(frozen=True, slots=True)
class Security:
    """Demand an RS256 token of `issuer` for `audience` with `scope`, and at most `per_minute` requests of one subject.

    jwks: the public keys as a JWK Set (RFC 7517). public_key: the same key in PEM, for servers that read only that.
    """

    jwks: Path
    public_key: Path
    issuer: str
    audience: str
    scope: str
    per_minute: int


@dataclass(frozen=True, slots=True)
class Certificate:
    """PEM files: the certificate, its key, and one with both."""

    certificate: Path
    key: Path
    both: Path


@dataclass(frozen=True, slots=True)
class Scenario:
    """Proxy 127.0.0.1:`port` to 127.0.0.1:`backend`. folder: where configuration and logs of the server belong.

    routes: 0 for one route that takes every path, else that many routes `/service-<i>/{id}`. admin: a port for the
    server's own use. security: None for a plain proxy. tls: the listener speaks TLS with this certificate.
    client: clients must show this one, which is its own authority. hotgate: what only Hotgate is asked: keys of its
    configuration, which take the place of its usual ones.
    """

    port: int
    backend: int
    admin: int
    folder: Path
    routes: int = 0
    security: Security | None = None
    tls: Certificate | None = None
    client: Certificate | None = None
    hotgate: Mapping[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where it is asked."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"


@dataclass(frozen=True, slots=True)
class Launch:
    """The command line that serves a scenario in the foreground, and what to add to the environment."""

    command: list[str]
    env: dict[str, str]
