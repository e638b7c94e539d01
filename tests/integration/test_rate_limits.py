"""A limit is never exceeded: over workers, over connections, and over the death of any process."""

import http.client
import json
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from itertools import repeat
from pathlib import Path

import pytest

from hotgate.testing.issuer import Issuer
from integration.conftest import Gateway
from integration.customer import Answer, Customer, Fields, ask, bearer, connect
from integration.served import reload, serving, write

LIMIT = 100
ISSUER = Issuer()
KEY = "hg_0123456789abcdef"
# The same limit again and again: each test that uses it up has one of its own.
WHOLE = "\n".join(
    f"  - {{name: {name}, match: {{path: /{name}}}, public: true, rate_limit: {{limit: {LIMIT}/day, by: route}}}}"
    for name in ("whole", "exact", "used")
)
CONFIG = f"""
identity:
  corp: {{jwt: {{issuer: "https://idp.test", audience: api, jwks_file: keys.json}}}}
  keys: {{api_key: {{keys: [{{id: alice, sha256: "{sha256(KEY.encode()).hexdigest()}"}}]}}}}
defaults: {{respond: {{}}}}
routes:
{WHOLE}
  - {{name: mine, match: {{path: "/mine"}}, authenticate: [corp, keys], rate_limit: {{limit: 5/day}}}}
  - {{name: address, match: {{path: "/address"}}, public: true, rate_limit: {{limit: 4/day, by: address}}}}
  - {{name: header, match: {{path: "/header"}}, public: true, rate_limit: {{limit: 3/day, by: "header:X-Tenant"}}}}
  - {{name: one, match: {{path: "/one"}}, public: true, rate_limit: {{limit: 6/day, by: route, share: both}}}}
  - {{name: other, match: {{path: "/other"}}, public: true, rate_limit: {{limit: 6/day, by: route, share: both}}}}
  - name: several
    match: {{path: "/several"}}
    public: true
    rate_limit:
      - {{name: each, limit: 40/day, by: "header:X-Tenant"}}
      - {{name: total, limit: 60/day, by: route, algorithm: sliding_window}}
  - {{name: fine, match: {{path: "/fine"}}, public: true, rate_limit: {{limit: 3/day, by: route, count: [404]}}}}
  - name: failing
    match: {{path: "/failing"}}
    public: true
    respond: {{status: 404}}
    rate_limit: {{limit: 3/day, by: route, count: [404]}}
  - {{name: burst, match: {{path: "/burst"}}, public: true, rate_limit: {{limit: 10/second, burst: 2, by: route}}}}
"""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with serving(with_keys(tmp_path_factory.mktemp("limits")), CONFIG, workers=4) as running:
        yield running


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with two workers."""
    with serving(with_keys(tmp_path_factory.mktemp("pair")), CONFIG, workers=2) as running:
        yield running


def with_keys(folder: Path) -> Path:
    (folder / "keys.json").write_text(json.dumps(ISSUER.jwks()))
    return folder


def token(subject: str) -> Fields:
    claims = {
        "iss": "https://idp.test",
        "aud": "api",
        "sub": subject,
        "exp": int(time.time()) + 600,
        "jti": str(time.time_ns()),
    }
    return bearer(ISSUER.token(claims))


def burst(port: int, path: str, count: int) -> list[Answer]:
    """So many requests at once, each on a connection of its own: the kernel spreads them over the workers."""
    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(lambda _: ask(port, path), range(count)))


def tenants(port: int, tenant: str, count: int) -> list[Answer]:
    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(lambda _: ask(port, "/several", [("X-Tenant", tenant)]), range(count)))


def statuses(port: int, path: str, count: int, fields: Fields = (), source: str = "127.0.0.1") -> list[int]:
    return [ask(port, path, fields, source=source).status for _ in range(count)]


def passed(answers: list[Answer]) -> int:
    assert {answer.status for answer in answers} <= {200, 429}
    return sum(answer.status == 200 for answer in answers)


def test_exactly_the_limit_passes(gateway: Gateway, pair: Gateway) -> None:
    """Over four workers, and over two."""
    for each in (gateway, pair):
        assert passed(burst(each.port, "/exact", LIMIT + 50)) == LIMIT
        assert passed(burst(each.port, "/exact", 50)) == 0


def test_the_answer_tells_how_much_is_left(gateway: Gateway) -> None:
    fields = token("teller")
    first = ask(gateway.port, "/mine", fields)
    assert first.status == 200
    assert first.field("ratelimit-policy") == '"mine";q=5;w=86400'
    assert first.field("ratelimit").startswith('"mine";r=4;t=')
    assert statuses(gateway.port, "/mine", 4, fields) == [200] * 4
    denied = ask(gateway.port, "/mine", fields)
    assert (denied.status, denied.code) == (429, "rate-limited")
    seconds = int(denied.field("retry-after"))
    assert 17_200 <= seconds <= 17_280  # a fifth of a day
    assert denied.field("ratelimit") == f'"mine";r=0;t={seconds}'
    assert denied.field("ratelimit-policy") == '"mine";q=5;w=86400'


def test_every_principal_has_a_bucket_of_its_own(gateway: Gateway) -> None:
    assert statuses(gateway.port, "/mine", 6, token("alice")) == [200] * 5 + [429]
    assert statuses(gateway.port, "/mine", 6, token("alice"))[0] == 429  # another token, the same caller
    assert statuses(gateway.port, "/mine", 6, token("bob")) == [200] * 5 + [429]
    assert statuses(gateway.port, "/mine", 6, [("X-API-Key", KEY)]) == [200] * 5 + [429]  # alice of another provider


def test_every_address_has_a_bucket_of_its_own(gateway: Gateway) -> None:
    lie = [("X-Forwarded-For", "203.0.113.9"), ("Forwarded", "for=203.0.113.9")]
    assert statuses(gateway.port, "/address", 5, source="127.0.0.2") == [200] * 4 + [429]
    assert statuses(gateway.port, "/address", 1, lie, source="127.0.0.2") == [429]
    assert statuses(gateway.port, "/address", 5, source="127.0.0.3") == [200] * 4 + [429]


def test_every_value_of_a_header_has_a_bucket_of_its_own(gateway: Gateway) -> None:
    assert statuses(gateway.port, "/header", 4, [("X-Tenant", "blue")]) == [200] * 3 + [429]
    assert statuses(gateway.port, "/header", 4, [("x-tenant", "red")]) == [200] * 3 + [429]
    assert statuses(gateway.port, "/header", 4, [("X-Tenant", "x" * 5000)]) == [200] * 3 + [429]
    assert statuses(gateway.port, "/header", 4) == [200] * 3 + [429]


def test_refused_requests_cost_nothing(gateway: Gateway) -> None:
    fields = token("careful")
    for _ in range(10):
        assert ask(gateway.port, "/mine").status == 401
    assert statuses(gateway.port, "/mine", 6, fields) == [200] * 5 + [429]


def test_routes_can_share_a_bucket(gateway: Gateway) -> None:
    assert statuses(gateway.port, "/one", 4) + statuses(gateway.port, "/other", 4) == [200] * 6 + [429] * 2


def test_several_limits_are_exact_together(gateway: Gateway) -> None:
    """What `each` gives to requests that `total` refuses comes back: so the second tenant can use up the rest."""
    first, second = (tenants(gateway.port, tenant, 70) for tenant in ("blue", "red"))
    assert (passed(first), passed(second)) == (40, 20)
    assert {answer.field("ratelimit").partition(";")[0] for answer in second if answer.status == 429} == {'"total"'}


def test_only_failures_are_used_up(gateway: Gateway) -> None:
    assert statuses(gateway.port, "/fine", 20) == [200] * 20
    assert statuses(gateway.port, "/failing", 6) == [404] * 3 + [429] * 3


def test_tokens_come_back(gateway: Gateway) -> None:
    with Customer(gateway.port) as customer:
        gateway.until(lambda: customer.ask("/burst").status == 429)
        gateway.until(lambda: customer.ask("/burst").status == 200)


def test_a_reload_gives_nothing_away(gateway: Gateway) -> None:
    assert passed(burst(gateway.port, "/whole", 60)) == 60
    write(gateway, CONFIG + "\n  - {name: new, match: {path: /new}, public: true}\n", workers=4)
    reload(gateway)
    assert passed(burst(gateway.port, "/whole", 60)) == LIMIT - 60


def test_a_flood_of_other_callers_gives_nothing_away(gateway: Gateway) -> None:
    attacker = [("X-Tenant", "attacker")]
    assert statuses(gateway.port, "/header", 4, attacker) == [200] * 3 + [429]
    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(flood, repeat(gateway.port), range(0, 12_000, 3_000)))
    assert statuses(gateway.port, "/header", 4, attacker) == [429] * 4


def flood(port: int, start: int) -> bool:
    """Three thousand callers that nobody has seen before, in batches on one connection."""
    with connect(port) as connection, connection.makefile("rb") as answers:
        for batch in range(start, start + 3_000, 20):
            head = "GET /header HTTP/1.1\r\nHost: a\r\nX-Tenant: made-up-{}\r\n\r\n"
            connection.sendall("".join(head.format(number) for number in range(batch, batch + 20)).encode())
            for _ in range(20):
                if b" 200 " not in answers.readline():
                    return False
                while answers.readline() not in (b"\r\n", b""):
                    pass
    return True


def test_the_death_of_a_worker_gives_nothing_away(pair: Gateway) -> None:
    restarts = pair.status()["worker_restarts"]
    before = passed(burst(pair.port, "/used", 50))
    os.kill(pair.worker_pids()[0], signal.SIGKILL)
    pair.until(lambda: pair.status()["worker_restarts"] == restarts + 1 and len(pair.worker_pids()) == 2)
    after = passed(burst(pair.port, "/used", 100))
    assert before == 50
    assert 25 <= after <= 50  # what the dead worker held counts as spent; it is a quarter at most


def test_the_death_of_the_control_process_gives_nothing_away(tmp_path: Path) -> None:
    with serving(with_keys(tmp_path), CONFIG, workers=2) as gateway:
        total = passed(burst(gateway.port, "/whole", 40))
        gateway.signal(signal.SIGKILL)
        gateway.wait_for_exit()
        total += passed(burst(gateway.port, "/whole", 40))
        gateway.start()
        total += passed(burst(gateway.port, "/whole", 100))
        assert 40 <= total <= LIMIT


def test_everything_dies_under_load_and_the_limit_holds(tmp_path: Path) -> None:
    with serving(with_keys(tmp_path), CONFIG, workers=2) as gateway, ThreadPoolExecutor(8) as pool:
        running = pool.map(attempt, repeat(gateway.port, 300))
        os.kill(gateway.worker_pids()[0], signal.SIGKILL)
        gateway.signal(signal.SIGKILL)
        gateway.wait_for_exit()
        gateway.start()
        results = [*running, *(answer.status for answer in burst(gateway.port, "/whole", 50))]
        assert results.count(200) <= LIMIT
        assert set(results) <= {200, 429, 503, 0}


def attempt(port: int) -> int:
    """The status, or 0 when the connection died with its worker."""
    try:
        return ask(port, "/whole").status
    except (OSError, http.client.HTTPException):  # the latter for half an answer
        return 0
