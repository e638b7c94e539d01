"""Verification keys that change while the gateway runs, and issuers that misbehave."""

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hotgate.testing.issuer import Issuer
from integration.conftest import Gateway
from integration.customer import Customer, ask, bearer
from integration.key_server import KeyServer, Script, body, key_server_running, keys, silence, status
from integration.served import serving

GOOD = Issuer("https://good.test", kid="first")
BROKEN = ("down", "slow", "huge", "invalid", "empty", "private", "redirecting", "compressed")


def issuer_of(name: str, kid: str = "first") -> Issuer:
    return Issuer(f"https://{name}.test", kid=kid)


def configuration(locations: dict[str, str]) -> str:
    lines = ["identity:"]
    for name, location in locations.items():
        lines.append(f'  {name}: {{jwt: {{issuer: "https://{name}.test", audience: api, {location}}}}}')
    lines.append("routes:")
    for name in locations:
        match = f'match: {{path: "/{name}"}}'
        lines.append(f"  - {{name: {name}, {match}, authenticate: [{name}], respond: {{}}}}")
    return "\n".join(lines)


def broken_scripts(server: KeyServer, good: Issuer) -> dict[str, Script]:
    """Every way in which the answer of an issuer cannot be used."""
    document = good.jwks()
    private = {"keys": [{**good.key.as_dict(private=True), "kid": good.kid}]}
    return {
        "down": status(503),
        "slow": silence(server.release),
        "huge": body(json.dumps({**document, "padding": "x" * 300_000}).encode()),
        "invalid": body(json.dumps(document).encode()[:-1]),
        "empty": keys({"keys": []}),
        "private": keys(private),
        "redirecting": status(302, json.dumps(document).encode(), Location=server.url("/elsewhere")),
        "compressed": body(json.dumps(document).encode(), **{"Content-Encoding": "gzip"}),
    }


def claims(issuer: Issuer) -> dict[str, object]:
    return {"iss": issuer.name, "aud": "api", "sub": "alice", "exp": int(time.time()) + 600}


def try_token(gateway: Gateway, issuer: Issuer, kid: str | None = None) -> tuple[int, str]:
    """Status and code for a fresh token of an issuer, on the route that carries its name."""
    route = issuer.name.removeprefix("https://").removesuffix(".test")
    header = {} if kid is None else {"kid": kid}
    answer = ask(
        gateway.port, f"/{route}", bearer(issuer.token({**claims(issuer), "jti": str(time.time_ns())}, header))
    )
    return answer.status, answer.code


@pytest.fixture(scope="module")
def server() -> Iterator[KeyServer]:
    with key_server_running() as running:
        running.scripts["/good"] = keys(GOOD.jwks())
        running.scripts["/elsewhere"] = keys(GOOD.jwks())
        yield running


@pytest.fixture(scope="module")
def issuers(server: KeyServer) -> dict[str, Issuer]:
    """Issuers whose keys are loaded when the gateway starts, one for each way to break later."""
    made = {name: issuer_of(name) for name in (*BROKEN, "flooded")}
    for name, issuer in made.items():
        server.scripts[f"/{name}"] = keys(issuer.jwks())
    return made


@pytest.fixture(scope="module")
def gateway(
    tmp_path_factory: pytest.TempPathFactory, server: KeyServer, issuers: dict[str, Issuer]
) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("keys")
    locations = {name: f'jwks_url: "{server.url(f"/{name}")}"' for name in ("good", *issuers)}
    locations["file"] = "jwks_file: keys.json"
    (folder / "keys.json").write_text(json.dumps(issuer_of("file").jwks()))
    with serving(folder, configuration(locations), workers=2) as running:
        yield running


def test_a_new_key_is_fetched_when_its_first_token_comes(gateway: Gateway, server: KeyServer) -> None:
    assert try_token(gateway, GOOD) == (200, "")
    successor = Issuer(GOOD.name, kid="second")
    server.scripts["/good"] = keys({"keys": [GOOD.jwk(), successor.jwk()]})
    assert try_token(gateway, successor) == (200, "")
    assert try_token(gateway, GOOD) == (200, "")
    assert server.asked["/good"] == 2


@pytest.mark.parametrize("name", BROKEN)
def test_old_keys_are_kept_when_the_issuer_breaks(
    gateway: Gateway, server: KeyServer, issuers: dict[str, Issuer], name: str
) -> None:
    issuer, other = issuers[name], issuer_of(name, kid="new")
    assert try_token(gateway, issuer) == (200, "")
    server.scripts[f"/{name}"] = broken_scripts(server, other)[name]
    assert try_token(gateway, other) == (401, "key-unknown")
    assert server.asked[f"/{name}"] >= 2
    assert try_token(gateway, issuer) == (200, "")


def test_redirects_are_not_followed(server: KeyServer) -> None:
    assert server.asked["/elsewhere"] == 0


def test_made_up_keys_do_not_flood_the_issuer(gateway: Gateway, server: KeyServer, issuers: dict[str, Issuer]) -> None:
    before = server.asked["/flooded"]
    with Customer(gateway.port) as one, Customer(gateway.port) as two:
        for number in range(200):
            customer = one if number % 2 else two
            token = issuers["flooded"].token(claims(issuers["flooded"]), {"kid": f"made-up-{number}"})
            assert customer.ask("/flooded", bearer(token)).code == "key-unknown"
    assert server.asked["/flooded"] - before <= 2
    assert try_token(gateway, issuers["flooded"]) == (200, "")


def test_a_changed_file_is_read_and_its_old_keys_end(gateway: Gateway) -> None:
    old, new = issuer_of("file"), issuer_of("file", kid="new")
    replace(gateway, old.jwks())
    gateway.until(lambda: try_token(gateway, old) == (200, ""))
    replace(gateway, new.jwks())
    gateway.until(lambda: try_token(gateway, new) == (200, ""))
    gateway.until(lambda: try_token(gateway, old)[0] == 401)


def replace(gateway: Gateway, document: dict[str, object]) -> None:
    new = gateway.folder / "new.json"
    new.write_text(json.dumps(document))
    new.replace(gateway.folder / "keys.json")


def test_without_the_control_process_known_keys_go_on(tmp_path: Path, server: KeyServer) -> None:
    issuer = issuer_of("alone")
    server.scripts["/alone"] = keys(issuer.jwks())
    with serving(tmp_path, configuration({"alone": f'jwks_url: "{server.url("/alone")}"'})) as gateway:
        gateway.signal(signal.SIGKILL)
        gateway.wait_for_log("the control process is gone")
        assert try_token(gateway, issuer) == (200, "")
        assert try_token(gateway, issuer, kid="new") == (401, "key-unknown")
        assert try_token(gateway, issuer) == (200, "")


def test_keys_that_were_never_there_mean_503_until_they_are(tmp_path: Path, server: KeyServer) -> None:
    unloaded = {f"un{name}": issuer_of(f"un{name}") for name in BROKEN if name != "slow"}
    for name, issuer in unloaded.items():
        server.scripts[f"/{name}"] = broken_scripts(server, issuer)[name.removeprefix("un")]
    text = configuration({name: f'jwks_url: "{server.url(f"/{name}")}"' for name in unloaded})
    with serving(tmp_path, text) as gateway:
        for issuer in unloaded.values():
            assert try_token(gateway, issuer) == (503, "key-set-unavailable")
        assert all(state["last_error"] for state in gateway.status()["key_sets"])
        for name, issuer in unloaded.items():
            server.scripts[f"/{name}"] = keys(issuer.jwks())
        gateway.until(lambda: all(try_token(gateway, issuer) == (200, "") for issuer in unloaded.values()))
