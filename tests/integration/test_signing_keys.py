"""The keys of a real gateway: made once, published by workers and admin interface, rotated while it runs."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from integration.backend import backend_running
from integration.conftest import COMMAND, SOURCES, Gateway
from integration.customer import ask
from integration.served import reload, serving, write

KEY = "an-api-key-of-this-test-only"
CONFIG = """
identity:
  partners: {{api_key: {{keys: [{{id: demo, sha256: "{digest}"}}]}}}}
upstreams:
  echo: {{targets: ["{url}"]}}
routes:
  - {{name: keys, match: {{path: /keys}}, public: true, respond: {{jwks: true}}}}
  - {{name: mine, match: {{path: /mine}}, upstream: echo, authenticate: [partners], assertion: {{}}}}
"""


@pytest.fixture(scope="module")
def text() -> Iterator[str]:
    with backend_running() as backend:
        yield CONFIG.format(url=backend.url, digest=sha256(KEY.encode()).hexdigest())


def published(gateway: Gateway) -> dict[str, Any]:
    found: dict[str, Any] = ask(gateway.port, "/keys").json
    return found


def asserted(gateway: Gateway) -> dict[str, Any]:
    """What the backend was told, verified with what the gateway publishes."""
    fields = dict(ask(gateway.port, "/mine", [("X-API-Key", KEY)]).json["fields"])
    keys = KeySet.import_key_set(published(gateway))  # type: ignore[arg-type]
    return jwt.decode(fields["x-hotgate-assertion"], keys, algorithms=["ES256"]).claims


def command(gateway: Gateway, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTHONPATH": str(SOURCES)}
    program = [sys.executable, "-c", COMMAND, *arguments, "-c", str(gateway.file)]
    return subprocess.run(program, capture_output=True, text=True, env=environment, check=False)


def test_keys_outlive_the_process_and_are_rotated_on_demand(tmp_path: Path, text: str) -> None:
    with serving(tmp_path, text, workers=2) as gateway:
        assert asserted(gateway)["sub"] == "demo"
        (first,) = published(gateway)["keys"]
        assert json.loads(gateway.admin("/.well-known/jwks.json")[1]) == published(gateway)
        assert first["kid"] in command(gateway, "signing-keys", "list").stdout

        assert command(gateway, "signing-keys", "rotate").returncode == 0
        gateway.until(lambda: len(published(gateway)["keys"]) == 2)
        assert [line.split()[-1] for line in command(gateway, "signing-keys", "list").stdout.splitlines()] == [
            "signs",
            "next",
        ]
        gateway.signal(signal.SIGTERM)
        assert gateway.wait_for_exit() == 0
    with serving(tmp_path, text) as gateway:
        kids = [key["kid"] for key in published(gateway)["keys"]]
        assert (kids[0], len(kids)) == (first["kid"], 2)


def test_a_reload_that_gets_no_key_changes_nothing_and_a_later_one_brings_the_first(tmp_path: Path, text: str) -> None:
    without = text.replace(", assertion: {}", "").replace("respond: {jwks: true}", "respond: {}")
    with serving(tmp_path, without) as gateway:
        state = tmp_path / "hotgate-state"
        assert not state.exists()
        state.mkdir()
        state.chmod(0o755)
        write(gateway, text)
        gateway.signal(signal.SIGHUP)
        assert "open to other users" in gateway.wait_for_log("the configuration is not changed")["message"]
        assert ask(gateway.port, "/mine", [("X-API-Key", KEY)]).status == 200
        state.rmdir()
        reload(gateway)
        assert asserted(gateway)["sub"] == "demo"


def test_a_private_key_is_in_no_log_and_no_argument_and_workers_need_nobody_to_sign(tmp_path: Path, text: str) -> None:
    with serving(tmp_path, text) as gateway:
        secrets = [
            each["pem"].splitlines()[1]
            for each in json.loads((tmp_path / "hotgate-state/signing-keys.json").read_bytes())
        ]
        arguments = b"".join(Path(f"/proc/{pid}/cmdline").read_bytes() for pid in [gateway.pid, *gateway.worker_pids()])
        listed = command(gateway, "signing-keys", "list").stdout
        before = published(gateway)
        gateway.signal(signal.SIGKILL)
        gateway.wait_for_exit()
        assert asserted(gateway)["aud"] == "echo"
        assert published(gateway) == before
        assert listed
        assert not any(secret in each for secret in secrets for each in (str(gateway.log), arguments.decode(), listed))


def test_a_damaged_key_file_stops_the_start_and_says_why(gateway: Gateway, text: str) -> None:
    gateway.write(more=text.partition("routes:")[2])
    gateway.file.write_text(gateway.file.read_text() + text.partition("routes:")[0])
    folder = gateway.folder / "hotgate-state"
    folder.mkdir(mode=0o700)
    (folder / "signing-keys.json").write_text("{}")
    (folder / "signing-keys.json").chmod(0o600)
    gateway.launch()
    assert gateway.wait_for_exit() == 1
    assert any("signing-keys.json is damaged" in line["message"] for line in gateway.log)
