"""A key and a token together, and who is no guest, through a socket."""

import json
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from hotgate.identity.verification_keys.key_sets import key_set_name
from hotgate.testing.issuer import Issuer
from wire.scenario import Wire, scenario

ISSUER = Issuer()
GOOD = b"0123456789abcdef"
URL = "https://idp.test/jwks"
SETTINGS: dict[str, Any] = {
    "identity": {
        "devices": {"api_key": {"header": "x-device", "keys": [{"id": "pump", "sha256": sha256(GOOD).hexdigest()}]}},
        "corp": {"jwt": {"issuer": ISSUER.name, "audience": "api", "jwks_url": URL, "algorithms": ["ES256"]}},
        "guests": {"anonymous": {"rate_limit": "2/minute", "scopes": ["read"]}},
    },
    "brute_force": {"exempt": ["127.0.0.1"]},
}
BOTH = {"authenticate": [{"all": ["corp", "devices"]}, "guests"], "public": False, "authorize": {"scopes": ["read"]}}
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def token(**changes: Any) -> bytes:
    claims = {"iss": ISSUER.name, "aud": "api", "sub": "ada", "exp": time.time() + 3600, "scope": "read", **changes}
    return b"Authorization: Bearer " + ISSUER.token(claims)


DEVICE = b"X-Device: " + GOOD


def request(*lines: bytes, address: bytes = b"192.0.2.1") -> bytes:
    return b"\r\n".join([b"GET / HTTP/1.1", b"Host: a", b"X-Forwarded-For: " + address, *lines, b"", b""])


def know_keys(wire: Wire) -> None:
    wire.gateway.services["key_sets"].replace(key_set_name("corp", URL), ISSUER.jwks())


@scenario(route=BOTH, settings=SETTINGS)
async def test_both_together_let_in_and_neither_is_forwarded(wire: Wire) -> None:
    know_keys(wire)
    got, answer = await wire.exchange(request(token(), DEVICE), ANSWER)
    assert answer.status == 200
    assert (got.get(b"x-auth-subject"), got.get(b"x-auth-provider")) == (b"ada", b"corp")
    assert not {b"authorization", b"x-device"} & {name for name, _ in got.fields}
    record = wire.last_record
    assert (record["subject"], record["provider"], record["mechanism"]) == ("ada", "corp", "jwt")


@pytest.mark.parametrize(
    ("lines", "code", "challenge"),
    [
        ([token()], "token-missing", b'ApiKey realm="devices", header="x-device"'),
        ([DEVICE], "token-missing", b'Bearer realm="corp"'),
        ([token(), b"X-Device: a-stolen-key"], "key-unknown", b'ApiKey realm="devices", header="x-device"'),
        ([b"X-Device: a-stolen-key"], "key-unknown", b'ApiKey realm="devices", header="x-device"'),
    ],
)
@scenario(route=BOTH, settings=SETTINGS)
async def test_a_half_is_refused_and_makes_no_guest(
    wire: Wire, lines: list[bytes], code: str, challenge: bytes
) -> None:
    know_keys(wire)
    answer = await (await wire.send(request(*lines))).message()
    assert (answer.status, answer.code) == (401, code)
    assert answer.get_all(b"www-authenticate") == [challenge]


@pytest.mark.parametrize("line", [b"Authorization: Basic YTpi", b"Authorization: Bearer", b"Authorization: Digest x"])
@scenario(route=BOTH, settings=SETTINGS)
async def test_a_credential_of_no_use_makes_no_guest(wire: Wire, line: bytes) -> None:
    answer = await (await wire.send(request(line))).message()
    assert answer.status == 401


def test_the_file_says_where_it_is_wrong(tmp_path: Path) -> None:
    from hotgate.runtime.compiling.load import check_compiles, load_configuration

    file = tmp_path / "hotgate.yaml"
    routes = [{"name": "r", "match": {"path": "/"}, "respond": {}, "authenticate": ["guests", "devices"]}]
    identity = {name: SETTINGS["identity"][name] for name in ("guests", "devices")}
    file.write_text(
        json.dumps({"listeners": [{"name": "w", "bind": "127.0.0.1:0"}], "identity": identity, "routes": routes})
    )
    loaded = load_configuration(file)
    with pytest.raises(Exception, match="must be the last") as error:
        check_compiles(loaded)
    assert "hotgate.yaml:1:" in str(error.value)
