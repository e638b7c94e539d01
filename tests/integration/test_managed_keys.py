"""Keys of the store, from the command line to every worker of a running gateway."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hotgate.cli import app
from integration.backend import backend_running
from integration.conftest import Gateway
from integration.customer import Answer, Customer, ask
from integration.served import serving

CONFIG = """
store: {{}}
identity: {{partners: {{api_key: {{managed: true, query: api_key}}}}}}
upstreams: {{echo: {{targets: ["{url}"]}}}}
routes: [{{name: orders, match: {{path: "/*"}}, upstream: echo, authenticate: [partners]}}]
"""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """Two workers with a store."""
    folder: Path = tmp_path_factory.mktemp("managed")
    with backend_running() as backend, serving(folder, CONFIG.format(url=backend.url), workers=2) as gateway:
        yield gateway


def command(gateway: Gateway, *arguments: str) -> str:
    """What `hotgate` prints; it works on the store, not through the gateway."""
    result = CliRunner().invoke(app, [*arguments, "-c", str(gateway.file)])
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


def new_key(gateway: Gateway, *options: str) -> str:
    return command(gateway, "keys", "create", "acme", "--create-consumer", *options)


def asked(gateway: Gateway, key: str, path: str = "/") -> Answer:
    return ask(gateway.port, path, [("X-Api-Key", key)])


def until_everywhere(gateway: Gateway, key: str, status: int) -> None:
    """Wait until sixteen new connections, over both workers, get the same answer."""
    gateway.until(lambda: all(asked(gateway, key).status == status for _ in range(16)))


def test_a_key_is_good_at_once_and_its_revocation_reaches_every_worker(shared: Gateway) -> None:
    key = new_key(shared)
    assert asked(shared, key).status == 200
    with Customer(shared.port) as kept:
        assert kept.ask("/", [("X-Api-Key", key)]).status == 200
        command(shared, "keys", "revoke", key.split("_")[2], "--reason", "leaked")
        until_everywhere(shared, key, 401)
        assert kept.ask("/", [("X-Api-Key", key)]).code == "key-revoked"


def test_a_consumer_is_disabled_and_enabled(shared: Gateway) -> None:
    key = command(shared, "keys", "create", "globex", "--create-consumer")
    assert asked(shared, key).status == 200
    command(shared, "consumers", "disable", "globex")
    until_everywhere(shared, key, 403)
    command(shared, "consumers", "enable", "globex")
    until_everywhere(shared, key, 200)


def test_a_limit_of_its_own_holds_over_all_workers(shared: Gateway) -> None:
    key, other = new_key(shared, "--limit", "3/hour"), new_key(shared)
    answers = [asked(shared, key) for _ in range(6)]
    assert [answer.status for answer in answers] == [200, 200, 200, 429, 429, 429]
    assert answers[0].field("ratelimit-policy") == '"own";q=3;w=3600'
    assert answers[3].code == "rate-limited"
    assert int(answers[3].field("retry-after")) > 0
    assert asked(shared, other).status == 200


def test_a_key_in_the_query_reaches_neither_backend_nor_log(shared: Gateway) -> None:
    key = new_key(shared)
    answer = ask(shared.port, f"/orders?a=1&api_key={key}&b=2")
    assert answer.status == 200
    secret = key.rpartition("_")[2]
    assert secret not in answer.body.decode()
    ask(shared.port, f"/orders/{key}?api_key={key}", [("User-Agent", key)])
    log = shared.folder / "access.log"
    shared.until(lambda: f"hg_live_{key.split('_')[2]}_[key]" in log.read_text())
    assert secret not in log.read_text()
