"""Exchanges and principals for tests, with sensible values for everything that a test does not care about."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from hotgate.http.headers import Headers, valid_field
from hotgate.http.request import Request
from hotgate.http.response import Response
from hotgate.identity.certificates.client_certificate import PresentedCertificate
from hotgate.identity.principal import Principal
from hotgate.observe.recorder import RouteRecorder
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.route import Route


def make_exchange(
    method: str = "GET",
    path: str = "/",
    headers: Mapping[str, str] | None = None,
    *,
    principal: Principal | None = None,
    now: datetime | None = None,
    client: str = "192.0.2.1",
    body: bytes | None = None,
    response: Response | None = None,
    params: Mapping[str, str] | None = None,
    host: str = "api.example.com",
    route: str = "test",
    request_id: str = "test-request",
    certificate: bytes = b"",
) -> Exchange:
    """An exchange as a policy sees it. `path` may have a query.

    now: needs a time zone, as the real one has. principal: None is a caller on a public route. response: what a
    policy in phase `respond` looks at. certificate: of the client, DER; b"" for none. Raises ValueError for a naive
    `now`, InvalidHeader for impossible headers.
    """
    if now is not None and now.tzinfo is None:
        raise ValueError("now needs a time zone: datetime(2026, 1, 5, 12, tzinfo=UTC)")
    exchange = Exchange(
        _request(method, path, headers or {}, host, body),
        Route(route, recorder=RouteRecorder(route)),
        params=dict(params or {}),
        client=client,
        request_id=request_id,
        started=1000.0,
        now=now,
        certificate=PresentedCertificate((certificate,)) if certificate else None,
    )
    exchange.principal = principal
    exchange.response = response
    return exchange


def _request(method: str, path: str, headers: Mapping[str, str], host: str, body: bytes | None) -> Request:
    plain_path, _, query = path.partition("?")
    fields = [valid_field(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    return Request(
        method, plain_path, Headers(fields), host=host, authority=host.encode(), query=query.encode(), body=body
    )


def make_principal(
    subject: str = "alice",
    *,
    provider: str = "test",
    mechanism: str = "jwt",
    scopes: Iterable[str] = (),
    roles: Iterable[str] = (),
    claims: Mapping[str, Any] | None = None,
) -> Principal:
    """An authenticated caller."""
    return Principal(
        subject,
        provider=provider,
        mechanism=mechanism,
        scopes=frozenset(scopes),
        roles=frozenset(roles),
        claims=claims,
    )
