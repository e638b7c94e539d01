import ctypes
import platform
import ssl
from collections.abc import Iterator

import pytest

from hotgate.edge import openssl


@pytest.fixture(autouse=True)
def _asked_anew() -> Iterator[None]:
    openssl.why_unavailable.cache_clear()
    yield
    openssl.why_unavailable.cache_clear()


def test_it_works_here() -> None:
    assert openssl.why_unavailable() == ""


def test_another_python_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "python_implementation", lambda: "PyPy")
    assert openssl.why_unavailable() == "this Python is not CPython"


@pytest.mark.parametrize("error", [OSError, AttributeError, ImportError])
def test_a_library_that_cannot_be_reached(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    def unreachable() -> ctypes.CDLL:
        raise error

    monkeypatch.setattr(openssl, "_library", unreachable)
    assert "cannot be reached" in openssl.why_unavailable()


def test_another_layout_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    other = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    other.options |= ssl.OP_NO_TICKET
    address = openssl._address(other)
    monkeypatch.setattr(openssl, "_address", lambda context: address)
    assert "unknown layout" in openssl.why_unavailable()


def test_a_context_that_does_not_change_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same options by chance must not be enough."""
    other = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    address = openssl._address(other)
    monkeypatch.setattr(openssl, "_address", lambda context: address)
    assert "unknown layout" in openssl.why_unavailable()


@pytest.mark.parametrize("length", [0, 48, 79, 81])
def test_a_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="refuses the ticket key"):
        openssl.set_ticket_key(openssl.ServerContext(ssl.PROTOCOL_TLS_SERVER), bytes(length))


def test_callbacks_live_as_long_as_their_context() -> None:
    context = openssl.ServerContext(ssl.PROTOCOL_TLS_SERVER)
    openssl.require_protocol(context, b"http/1.1")
    openssl.staple(context, lambda: b"")
    assert len(context.callbacks) == 3
    assert openssl.ServerContext.callbacks == ()
