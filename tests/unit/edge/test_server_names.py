import ssl
import sys

import pytest

from certificate_authority import authority
from hotgate.edge.handshake_failure import failure_of
from hotgate.edge.server_names import print_no_tracebacks_of_names
from hotgate.edge.tls_listener import ServerCertificate, TlsListener, TlsRules

NAME = b"name.example"


def hello() -> bytes:
    """What a client sends first when it asks for NAME."""
    outgoing = ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=NAME.decode())
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> list["sys.UnraisableHookArgs"]:
    """What would be printed."""
    printed: list[sys.UnraisableHookArgs] = []
    monkeypatch.setattr(sys, "unraisablehook", printed.append)
    print_no_tracebacks_of_names()
    return printed


def test_a_name_that_is_not_ascii_is_refused_in_silence(printed: list["sys.UnraisableHookArgs"]) -> None:
    own = authority().issue("a.example")
    rules = TlsRules(refuses_unknown_names=True)
    listener = TlsListener([ServerCertificate(own.pem, own.key_pem, frozenset({"a.example"}))], rules)
    incoming = ssl.MemoryBIO()
    incoming.write(hello().replace(NAME, b"n\xff\x1b[2J\r\n.com"))
    with pytest.raises(ssl.SSLError) as raised:
        listener.context.wrap_bio(incoming, ssl.MemoryBIO(), server_side=True).do_handshake()
    assert failure_of(raised.value) == "unknown-name"
    assert printed == []


class _Careless:
    def __del__(self) -> None:
        b"\xff".decode("ascii")


def test_what_is_wrong_elsewhere_is_still_reported(printed: list["sys.UnraisableHookArgs"]) -> None:
    careless = _Careless()
    del careless
    assert [each.exc_type for each in printed] == [UnicodeDecodeError]
