"""A reload changes what the file says, and no client notices anything else."""

import signal
from collections.abc import Iterator

import pytest

from free_ports import free_port
from integration.backend import Backend, backend_running
from integration.conftest import Gateway
from integration.customer import ask, connect
from integration.load import kept_alive
from integration.served import reload, serving, write

CONFIG = """
upstreams:
  echo: {{targets: ["{url}"]}}
defaults:
  public: true
routes:
  - {{name: plain, match: {{path: "/plain"}}, respond: {{headers: {{x-revision: "{revision}"}}}}}}
  - name: proxied
    match: {{path: "/proxied"}}
    upstream: echo
    headers: {{response: {{set: {{X-Revision: "{revision}"}}}}}}
{more}
"""
NEW_ROUTE = '  - {name: new, match: {path: "/new"}, respond: {body: hello}}'


@pytest.fixture(scope="module")
def backend() -> Iterator[Backend]:
    with backend_running() as running:
        yield running


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, backend: Backend) -> Iterator[Gateway]:
    with serving(tmp_path_factory.mktemp("reload"), text(backend), workers=2) as running:
        yield running


def text(backend: Backend, revision: str = "one", more: str = "") -> str:
    return CONFIG.format(url=backend.url, revision=revision, more=more)


def test_a_hundred_reloads_fail_no_request(gateway: Gateway, backend: Backend) -> None:
    with kept_alive(gateway.port, ["/plain", "/proxied"]) as clients:
        for number in range(100):
            write(gateway, text(backend, "even" if number % 2 else "odd"), workers=2)
            reload(gateway)
    for client in clients:
        assert client.failures == []
        assert set(client.statuses) == {200}
        assert client.statuses[200] > 2
    for path in ("/plain", "/proxied"):
        assert {ask(gateway.port, path).field("x-revision") for _ in range(10)} == {"even"}
    assert gateway.status()["worker_restarts"] == 0


def test_kept_connections_see_the_new_configuration(gateway: Gateway, backend: Backend) -> None:
    with kept_alive(gateway.port, ["/plain"], clients=2) as clients:
        write(gateway, text(backend, "newest"), workers=2)
        reload(gateway)
        gateway.until(lambda: {client.last.field("x-revision") for client in clients if client.last} == {"newest"})
        assert [client.failures for client in clients] == [[], []]


def test_routes_come_and_go(gateway: Gateway, backend: Backend) -> None:
    write(gateway, text(backend, more=NEW_ROUTE), workers=2)
    reload(gateway)
    assert {ask(gateway.port, "/new").body for _ in range(10)} == {b"hello"}
    write(gateway, text(backend), workers=2)
    reload(gateway)
    assert {ask(gateway.port, "/new").code for _ in range(10)} == {"route-not-found"}


@pytest.mark.parametrize(
    ("broken", "position", "says"),
    [
        ("routs: []", "{line}:1", "routs"),
        ('  - {name: bad, match: {path: "/bad"}, upstream: eko}', "{line}:", "eko"),
        ('  - {name: plain, match: {path: "/twice"}, respond: {}}', "{line}:", "has this name"),
        ("  - {name: bad, match: {path: /plain}, respond: {}}", "{line}:", "plain"),
        ("  - {name: [", "{next}:", ""),
        ('  - {name: bad, match: {path: "/bad"}, policies: [{use: "missing:one"}], respond: {}}', "{line}:", "missing"),
    ],
)
def test_a_broken_file_changes_nothing(
    gateway: Gateway, backend: Backend, broken: str, position: str, says: str
) -> None:
    write(gateway, text(backend), workers=2)
    reload(gateway)
    write(gateway, text(backend, "never", broken), workers=2)
    line = gateway.file.read_text().splitlines().index(broken) + 1
    gateway.signal(signal.SIGHUP)
    message = gateway.wait_for_log("the configuration is not changed")["message"]
    assert f"{gateway.file}:{position.format(line=line, next=line + 1)}" in message
    assert says in message
    assert {ask(gateway.port, "/plain").field("x-revision") for _ in range(10)} == {"one"}
    assert gateway.admin("/readyz")[0] == 200


def test_listeners_change_while_clients_are_connected(gateway: Gateway, backend: Backend) -> None:
    old, new = gateway.port, free_port()
    with connect(old) as kept:
        gateway.port = new
        write(gateway, text(backend, "moved"), workers=2)
        kept.sendall(b"GET /plain HTTP/1.1\r\nHost: a\r\n\r\n")
        assert b"x-revision: one" in kept.recv(65536)
        reload(gateway)
        assert {ask(new, "/plain").field("x-revision") for _ in range(10)} == {"moved"}
        gateway.until(lambda: is_refused(old))
    gateway.until(lambda: len(gateway.status()["workers"]) == 2)


def test_of_many_signals_the_last_file_wins(gateway: Gateway, backend: Backend) -> None:
    with kept_alive(gateway.port, ["/plain"], clients=2) as clients:
        for number in range(30):
            write(gateway, text(backend, f"burst-{number}"), workers=2)
            gateway.signal(signal.SIGHUP)
        gateway.until(lambda: {ask(gateway.port, "/plain").field("x-revision") for _ in range(10)} == {"burst-29"})
    assert [client.failures for client in clients] == [[], []]
    gateway.until(lambda: gateway.admin("/readyz")[0] == 200)


def is_refused(port: int) -> bool:
    try:
        connect(port).close()
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:  # it was in the queue of a socket that is being closed: the next one is refused
        return False
    return False
