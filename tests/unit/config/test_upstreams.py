"""`upstreams`: balancing, retries, TLS and connections, and what is wrong with them."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from hotgate.config.gateway import Gateway
from hotgate.config.upstreams import Upstream
from unit.config.conftest import Folder
from wire.certificates import Authority

_CA = Authority()
_OWN = _CA.issue("own.test")
HEAD = 'listeners: [{name: web, bind: "127.0.0.1:0"}]\n'
ROUTE = 'routes: [{name: r, match: {path: "/*"}, upstream: api, public: true}]\n'


def upstream(**settings: Any) -> Upstream:
    return Upstream.model_validate({"targets": ["http://h:1"], **settings})


def message(**settings: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        upstream(**settings)
    return " / ".join(error["msg"] for error in caught.value.errors())


@pytest.mark.parametrize("word", ["round_robin", "least_requests", "power_of_two"])
def test_a_word_is_enough(word: str) -> None:
    assert upstream(balance=word).balance == word


@pytest.mark.parametrize(
    ("balance", "says"),
    [
        ("fastest", "'round_robin', 'least_requests' or 'power_of_two'"),
        ({}, "either `consistent_hash` or `sticky`"),
        ({"consistent_hash": {"by": "header"}}, "`name` goes with"),
        ({"consistent_hash": {"by": "client", "name": "x"}}, "`name` goes with"),
        ({"consistent_hash": {"by": "header", "name": "x-\u00fc"}}, "use the name of a header"),
        ({"consistent_hash": {"by": "header", "name": "x:y"}}, "use the name of a header"),
        ({"consistent_hash": {"by": "client", "balance_factor": 100}}, "from 101 to 1000"),
        ({"sticky": {"cookie": "hg", "secret": "short"}}, "at least 16 characters"),
        ({"sticky": {"cookie": "a=b; Domain=x", "secret": "0123456789abcdef"}}, "a cookie's name"),
        (
            {"sticky": {"cookie": "hg", "secret": "0123456789abcdef"}, "consistent_hash": {"by": "client"}},
            "either `consistent_hash` or `sticky`",
        ),
    ],
)
def test_balance_that_makes_no_sense(balance: object, says: str) -> None:
    assert says in message(balance=balance)


def test_a_mistake_within_a_mapping_is_the_only_one_said(folder: Folder) -> None:
    balance = "{sticky: {cookie: 'a b', secret: 0123456789abcdef}}"
    (error,) = folder.errors(HEAD + f"upstreams: {{api: {{targets: ['http://h:1'], balance: {balance}}}}}\n" + ROUTE)
    assert "upstreams.api.balance.sticky.cookie: use a cookie's name" in error


@pytest.mark.parametrize("condition", ["connect", "reset", "timeout", 500, "503", 599, 404, 408, 409, 425, 429])
def test_what_is_worth_another_try(condition: object) -> None:
    retries = upstream(retries={"on": [condition]}).retries
    assert retries is not None
    assert [str(each) for each in retries.on] == [str(condition)]


@pytest.mark.parametrize("condition", ["5xx", 200, 400, 401, 403, 600, True, None, "resets"])
def test_what_is_not(condition: object) -> None:
    assert "must be connect, reset, timeout, a status" in message(retries={"on": [condition]})


@pytest.mark.parametrize("form", ["unix:/run/app.sock", "unix:///run/app.sock"])
def test_unix_sockets(form: str) -> None:
    url = upstream(targets=[form]).targets[0].url
    assert (str(url), url.path, url.authority) == ("unix:/run/app.sock", "/run/app.sock", "localhost")


@pytest.mark.parametrize(
    "form", ["unix:run/app.sock", "unix://", "unix:/", "unix:/a b", "unix:/a\0b", "unix:/" + "x" * 107]
)
def test_what_no_unix_socket_is_called(form: str) -> None:
    assert 'or "unix:/path/of.sock"' in message(targets=[form])


TLS: dict[str, Any] = {"targets": ["https://h:1"]}


@pytest.mark.parametrize(
    ("tls", "says"),
    [
        ({"certificate": _OWN.pem}, "`certificate` and `key` go together"),
        ({"insecure_skip_verify": True, "ca": [_CA.pem]}, "`ca` has no use"),
        ({"ca": ["ca.pem"]}, "is not PEM"),
        ({"ca": [""]}, "PEM or a path must be text"),
        ({"pins": ["sha1/AAAA"]}, "SHA-256 hash of a public key"),
        ({"server_name": "a b"}, "a host name"),
        ({"min_version": "1.1"}, "'1.2' or '1.3'"),
        ({"min_version": 1.3}, "in quotes"),
    ],
)
def test_tls_that_makes_no_sense(tls: Mapping[str, Any], says: str) -> None:
    assert says in message(**TLS, tls=tls)


def test_tls_settings_without_tls() -> None:
    assert "no target starts with https://" in message(tls={"min_version": "1.3"})


def test_pem_files_are_read_watched_and_sent_to_the_workers(folder: Folder, model: type[Gateway]) -> None:
    files = {"tls/ca.pem": _CA.pem, "own.pem": _OWN.pem, "own.key": _OWN.key_pem}
    paths = [folder.write(text, name) for name, text in files.items()]
    tls = "tls: {ca: [tls/ca.pem], certificate: own.pem, key: own.key}"
    loaded = folder.load(HEAD + f'upstreams: {{api: {{targets: ["https://h:1"], {tls}}}}}\n' + ROUTE)
    assert set(paths) <= set(loaded.files)
    settings = model.model_validate(loaded.tree).upstreams["api"].tls
    assert settings is not None
    assert settings == loaded.config.upstreams["api"].tls
    assert settings.ca[0].reveal() == _CA.pem.strip()
    assert settings.key is not None
    assert settings.key.reveal() == _OWN.key_pem.strip()
    assert "PRIVATE KEY" not in repr(settings) + str(settings) + loaded.config.model_dump_json()


def test_a_pem_file_that_is_none_is_an_error_with_its_place(folder: Folder) -> None:
    folder.write("hunter2", "key")
    text = HEAD + 'upstreams: {api: {targets: ["https://h:1"], tls: {certificate: none.pem, key: key}}}\n' + ROUTE
    assert folder.errors(text) == [
        "hotgate.yaml:2:64: upstreams.api.tls.certificate: the file cannot be used: No such file or directory",
        "hotgate.yaml:2:79: upstreams.api.tls.key: the file is not PEM: it has no '-----BEGIN …-----'",
    ]


@pytest.mark.parametrize(
    ("balance", "says"),
    [
        ("{sticky: {cookie: hg}}", "2:62: upstreams.api.balance.sticky: key 'secret' is missing"),
        ("{}", "2:53: upstreams.api.balance: say either `consistent_hash` or `sticky`"),
    ],
)
def test_whoever_writes_a_mapping_hears_nothing_of_words(folder: Folder, balance: str, says: str) -> None:
    text = HEAD + f'upstreams: {{api: {{targets: ["http://h:1"], balance: {balance}}}}}\n' + ROUTE
    assert folder.errors(text) == [f"hotgate.yaml:{says}"]


def test_a_version_that_reads_as_a_number_is_to_be_quoted(folder: Folder) -> None:
    text = HEAD + 'upstreams: {api: {targets: ["https://h:1"], tls: {min_version: 1.3}}}\n' + ROUTE
    (error,) = folder.errors(text)
    assert error.endswith("min_version: must be '1.2' or '1.3', in quotes")


def test_a_key_of_another_certificate_is_found(folder: Folder) -> None:
    folder.write(_OWN.pem, "own.pem")
    folder.write(_OWN.key_pem, "own.key")
    folder.write(_CA.pem, "ca.pem")
    text = HEAD + 'upstreams: {api: {targets: ["https://h:1"], tls: {certificate: %s, key: own.key}}}\n' + ROUTE
    assert folder.errors(text % "ca.pem") == [
        "hotgate.yaml:2:77: upstreams.api.tls.key: it does not belong to the certificate"
    ]
    assert folder.errors(text % "own.key") == [
        "hotgate.yaml:2:64: upstreams.api.tls.certificate: is not a certificate in PEM form"
    ]


@pytest.mark.parametrize(("pins", "count"), [("", 1), (f", pins: ['{_OWN.pin}']", 0)], ids=["alone", "with a pin"])
def test_giving_verification_up_is_warned_of(pins: str, count: int, folder: Folder) -> None:
    tls = f"tls: {{insecure_skip_verify: true{pins}}}"
    loaded = folder.load(HEAD + f'upstreams: {{api: {{targets: ["https://h:1"], {tls}}}}}\n' + ROUTE)
    warnings = [str(warning).replace(f"{folder.path}/", "") for warning in loaded.warnings]
    assert (
        warnings
        == [
            "hotgate.yaml:2:73: upstreams.api.tls.insecure_skip_verify: anybody may pose as this backend; "
            "name its authority in `ca` or its key in `pins`"
        ]
        * count
    )


def test_the_examples_of_the_guide_are_valid(folder: Folder) -> None:
    guide = (Path(__file__).parents[3] / "docs" / "resilience.md").read_text(encoding="utf-8")
    examples = re.findall(r"^```yaml\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)
    folder.write("0123456789abcdef", "sticky.key")
    for name, text in {"ca.pem": _CA.pem, "gateway.pem": _OWN.pem, "gateway.key": _OWN.key_pem}.items():
        folder.write(text, f"tls/{name}")
    assert len(examples) == 5
    for example in examples:
        assert folder.load(HEAD + example).config.upstreams
