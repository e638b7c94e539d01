"""What to try on the demo: commands to paste into another terminal, each with the status that it will show."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from hotgate.demo.credentials import Credentials

_BEARER = '-H "Authorization: Bearer $TOKEN"'
_OPERATOR = '-H "Authorization: Bearer $(cat $DEMO/state/admin-token)" -H "Content-Type: application/json"'
_MADE = 'KEY=$(grep -o "hg_[0-9A-Za-z_]*" $DEMO/key.json)'  # from the answer in which it was shown once
_KEY = '-H "X-Api-Key: $KEY"'
_DEVICE = "--cert $DEMO/device.pem --key $DEMO/device.key"
_REPEATS = 7


@dataclass(frozen=True, slots=True)
class Step:
    """status: of the answer, the last one if there are several. promise: what to look at. command: a line of shell."""

    status: int
    promise: str
    command: str


@dataclass(frozen=True, slots=True)
class Places:
    """web, tls, admin: URLs of the gateway. provider: URL of the identity provider."""

    web: str
    tls: str
    admin: str
    provider: str


def settings(folder: Path, credentials: Credentials) -> Iterator[str]:
    """Lines of shell that the commands of the steps rely on. folder: of the demo's files."""
    yield f"export DEMO={quote(str(folder))}"
    yield f"export TOKEN={credentials.token}"
    yield f"export EXPIRED={credentials.expired}"
    yield f"export OPAQUE={credentials.opaque}"


def steps(places: Places) -> tuple[Step, ...]:
    """The steps, in an order that makes sense."""
    return (
        *_with_tokens(places.web),
        *_with_opaque_tokens(f"{places.web}/orders/7"),
        *_with_proofs(f"{places.provider}/token", f"{places.web}/robots/7"),
        *_with_keys(f"{places.web}/reports/daily", f"{places.admin}/api/v1"),
        *_with_certificates(places.tls),
        *_with_a_browser(f"{places.web}/account"),
    )


def _with_tokens(url: str) -> Iterator[Step]:
    orders = f"{url}/orders/7"
    yield Step(200, "A good token. The backend sees who calls, and no token.", f"curl -si {orders} {_BEARER}")
    yield Step(
        200,
        "The caller claims to be somebody else. The backend still sees alice.",
        f'curl -si {orders} {_BEARER} -H "X-Auth-Subject: admin"',
    )
    yield Step(401, "No token.", f"curl -si {orders}")
    yield Step(401, "A token that has expired.", f'curl -si {orders} -H "Authorization: Bearer $EXPIRED"')
    yield Step(403, "A good token without the scope that reports need.", f"curl -si {url}/reports/daily {_BEARER}")
    yield Step(400, "A path that two servers could read differently.", f"curl -si {url}/orders/..%2Freports")


def _with_opaque_tokens(orders: str) -> Iterator[Step]:
    yield Step(
        200,
        "A token that says nothing. The gateway asks the identity provider what it is worth, once for many requests.",
        f'curl -si {orders} -H "Authorization: Bearer $OPAQUE"',
    )
    yield Step(
        401, "One that the provider has never issued.", f'curl -si {orders} -H "Authorization: Bearer not-$OPAQUE"'
    )


def _with_proofs(token_endpoint: str, robots: str) -> Iterator[Step]:
    yield Step(
        401,
        "A token that is good only with proofs of its owner's key: the owner passes, a thief of both does not.",
        f"{quote(sys.executable)} $DEMO/dpop_client.py {token_endpoint} {robots}",
    )


def _with_keys(reports: str, api: str) -> Iterator[Step]:
    limited = f'curl -si {reports} {_KEY} | grep -iE "^(http|ratelimit:|retry-after)"'
    yield Step(201, "A new partner.", f"""curl -si {api}/consumers {_OPERATOR} -d '{{"name": "acme"}}'""")
    yield Step(
        201,
        "An API key for it. It is shown in this answer and never again; the store keeps a digest.",
        f"curl -si {api}/keys {_OPERATOR} "
        """-d '{"consumer": "acme", "scopes": ["reports:read"]}' | tee $DEMO/key.json""",
    )
    yield Step(200, "The backend sees whose key it is, and no key.", f"{_MADE}; curl -si {reports} {_KEY}")
    yield Step(
        429,
        "Five reports a minute: the rest is refused, until the time in Retry-After has passed.",
        f"{_MADE}; for i in $(seq {_REPEATS}); do {limited}; done",
    )
    yield Step(
        200,
        "The key is revoked, in every worker at once.",
        f"{_MADE}; curl -si {api}/keys/$(echo $KEY | cut -d_ -f3)/revoke {_OPERATOR} "
        """-d '{"reason": "found in a public repository"}'""",
    )
    yield Step(401, "It is of no use to anybody any more.", f"{_MADE}; curl -si {reports} {_KEY}")


def _with_certificates(tls_url: str) -> Iterator[Step]:
    orders = f"--cacert $DEMO/ca.pem {tls_url}/orders/7"
    yield Step(200, "A device that has a certificate instead of a token.", f"curl -si {_DEVICE} {orders}")
    yield Step(401, "The same, without the certificate.", f"curl -si {orders}")


def _with_a_browser(account: str) -> Iterator[Step]:
    yield Step(
        302,
        f"A browser is sent to log in. Open {account} in yours: the backend sees who you are, and no cookie.",
        f'curl -si {account} -H "Accept: text/html"',
    )
    yield Step(401, "A program is told instead, and not sent around.", f"curl -si {account}")
