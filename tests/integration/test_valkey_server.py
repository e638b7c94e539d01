"""The Valkey server that other tests rely on: what is in it, and its outages."""

from collections.abc import Iterator

import pytest
from valkey import Valkey, exceptions

from valkey_server import ValkeyServer, valkey_server


@pytest.fixture(scope="module")
def server() -> Iterator[ValkeyServer]:
    with valkey_server() as running:
        yield running


def test_it_keeps_what_it_is_given_behind_its_password(server: ValkeyServer) -> None:
    with Valkey.from_url(server.url) as client:
        client.set("name", "value")
    with server.client() as client:
        assert client.get("name") == "value"
    with Valkey(port=server.port) as stranger, pytest.raises(exceptions.AuthenticationError):
        stranger.get("name")


def test_an_outage(server: ValkeyServer) -> None:
    with server.client() as client:
        client.set("name", "value")
        server.kill()
        with pytest.raises(exceptions.ConnectionError):
            client.get("name")
        server.start()
        assert client.get("name") is None


def test_it_stands_still(server: ValkeyServer) -> None:
    with (
        Valkey.from_url(server.url, socket_timeout=0.1) as client,
        server.frozen(),
        pytest.raises(exceptions.TimeoutError),
    ):
        client.get("name")
    with server.client() as client:
        assert client.ping()
