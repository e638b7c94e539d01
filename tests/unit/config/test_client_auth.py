from typing import Any

import pytest
from pydantic import ValidationError

from certificate_authority import authority
from hotgate.config.tls import Tls

_OWN = authority().issue("a.example").settings
_ASKS: dict[str, Any] = {"client_auth": "required", "client_ca": authority().pem}


def test_authorities_may_be_one_or_a_list() -> None:
    one = Tls.model_validate({**_OWN, **_ASKS})
    several = Tls.model_validate({**_OWN, **_ASKS, "client_ca": [authority().pem, authority().pem]})
    assert one.authorities == (authority().pem,)
    assert several.authorities == (authority().pem, authority().pem)
    assert one.asks


def test_a_host_may_ask_alone() -> None:
    tls = Tls.model_validate({**_OWN, "clients": [{"names": ["a.example"], **_ASKS}]})
    assert tls.asks
    assert tls.client_auth == "none"


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"client_auth": "required"}, "come together"),
        ({"client_ca": authority().pem}, "come together"),
        ({"crl": ["AA=="]}, "need a client_auth"),
        ({"ocsp": True}, "need a client_auth"),
        ({"revocation_unknown": "accept"}, "need a client_auth"),
        ({**_ASKS, "ocsp_responder": "http://a.test/"}, "needs `ocsp: true`"),
        ({**_ASKS, "ocsp": True, "ocsp_responder": "ftp://a.test/"}, "http:// or https://"),
        ({**_ASKS, "client_ca": []}, "at least 1"),
        ({"clients": [{"names": ["a.example"], "client_auth": "optional"}]}, "come together"),
        ({"clients": [{"names": [], **_ASKS}]}, "at least 1"),
        ({"clients": [{"names": ["A.example"], **_ASKS}]}, "lower case"),
        ({"clients": [{"names": ["*.*.example"], **_ASKS}]}, "lower case"),
        ({"clients": [{"names": ["a.example"], **_ASKS}, {"names": ["a.example"]}]}, "more than once"),
    ],
)
def test_what_makes_no_sense_is_refused(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Tls.model_validate({**_OWN, **settings})
