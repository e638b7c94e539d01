import pytest

from certificate_authority import authority
from hotgate.config.tls import Tls
from hotgate.edge import openssl
from hotgate.runtime.compiling.compile_tls import compile_tls

_ISSUED = authority().issue("A.example", "*.b.example")
_OTHER = authority().issue("other.example")


def test_names_come_from_the_certificates() -> None:
    pairs = [_OTHER.settings, _ISSUED.settings]
    compiled = compile_tls("web", Tls.model_validate({"certificates": pairs}), {})
    assert compiled.find("other.example") is compiled.default
    assert compiled.find("a.example") is compiled.find("x.b.example") is not compiled.default


def test_what_openssl_refuses_is_a_problem_with_words() -> None:
    """The loader has found it before; a worker must not die of it."""
    settings = Tls.model_validate({"certificate": _ISSUED.pem, "key": _OTHER.key_pem})
    with pytest.raises(ValueError, match="OpenSSL does not take it: KEY_VALUES_MISMATCH"):
        compile_tls("web", settings, {})


def test_a_staple_that_cannot_be_sent_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openssl, "why_unavailable", lambda: "a reason")
    settings = Tls.model_validate({**_ISSUED.settings, "ocsp_staple": "MA=="})
    with pytest.raises(ValueError, match="an OCSP response cannot be sent: a reason"):
        compile_tls("web", settings, {})
