"""What to try on the demo: commands to paste into another terminal, each with the status that it will show."""

from collections.abc import Iterator
from dataclasses import dataclass

from hotgate.demo.credentials import Credentials

_BEARER = '-H "Authorization: Bearer $TOKEN"'
_KEY = '-H "X-Api-Key: $KEY"'
_REPEATS = 7


@dataclass(frozen=True, slots=True)
class Step:
    """status: of the answer, the last one if there are several. promise: what to look at. command: a line of shell."""

    status: int
    promise: str
    command: str


def settings(credentials: Credentials) -> Iterator[str]:
    """Lines of shell that the commands of the steps rely on."""
    yield f"export TOKEN={credentials.token}"
    yield f"export EXPIRED={credentials.expired}"
    yield f"export KEY={credentials.api_key}"


def steps(url: str) -> tuple[Step, ...]:
    """The steps, in an order that makes sense. url: of the gateway."""
    orders, reports = f"{url}/orders/7", f"{url}/reports/daily"
    limited = f'curl -si {reports} {_KEY} | grep -iE "^(http|ratelimit:|retry-after)"'
    return (
        Step(200, "A good token. The backend sees who calls, and no token.", f"curl -si {orders} {_BEARER}"),
        Step(
            200,
            "The caller claims to be somebody else. The backend still sees alice.",
            f'curl -si {orders} {_BEARER} -H "X-Auth-Subject: admin"',
        ),
        Step(401, "No token.", f"curl -si {orders}"),
        Step(401, "A token that has expired.", f'curl -si {orders} -H "Authorization: Bearer $EXPIRED"'),
        Step(403, "A good token without the scope that reports need.", f"curl -si {reports} {_BEARER}"),
        Step(400, "A path that two servers could read differently.", f"curl -si {url}/orders/..%2Freports"),
        Step(200, "An API key. The backend sees whose it is, and no key.", f"curl -si {reports} {_KEY}"),
        Step(
            429,
            "Five reports a minute: the rest is refused, until the time in Retry-After has passed.",
            f"for i in $(seq {_REPEATS}); do {limited}; done",
        ),
    )
