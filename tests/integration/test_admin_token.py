"""The token of the admin API in a real gateway: how it is made, found, replaced, and what comes without it."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.admin_client import Operator
from integration.conftest import COMMAND, DEADLINE, SOURCES, TOKEN, Gateway

_CONFIGURED = f', token: "{TOKEN}"'


def without_token(gateway: Gateway) -> None:
    """The gateway is to make one for itself."""
    gateway.file.write_text(gateway.file.read_text().replace(_CONFIGURED, ""))


def token_command(gateway: Gateway, *options: str) -> "subprocess.CompletedProcess[str]":
    """`hotgate admin token`."""
    return subprocess.run(
        [sys.executable, "-c", COMMAND, "admin", "token", "-c", str(gateway.file), *options],
        env={**os.environ, "PYTHONPATH": str(SOURCES)},
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )


def status_with(gateway: Gateway, token: str) -> int:
    """What asking for the status with a token is answered."""
    return Operator(gateway, token).ask("GET", "/status").status


def raw(gateway: Gateway, request: bytes) -> bytes:
    """What is answered to some bytes."""
    with socket.create_connection(("127.0.0.1", gateway.admin_port), DEADLINE) as connection:
        connection.sendall(request)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    return received


def test_a_token_is_made_at_the_first_start_and_only_its_place_is_told(gateway: Gateway) -> None:
    without_token(gateway)
    assert "start the gateway first" in token_command(gateway).stderr
    gateway.start()
    file = gateway.folder / "hotgate-state" / "admin-token"
    assert file.stat().st_mode & 0o777 == 0o600
    token = file.read_text()
    assert re.fullmatch(r"hga_[A-Za-z0-9_-]{43}", token)
    assert token_command(gateway).stdout == f"{token}\n"
    assert status_with(gateway, token) == 200
    assert [each for each in gateway.log if str(file) in each["message"]]
    assert token not in str(gateway.log)
    assert token not in (gateway.folder / "access.log").read_text()


def test_it_stays_over_restarts_and_can_be_replaced_while_the_gateway_runs(gateway: Gateway) -> None:
    without_token(gateway)
    gateway.start()
    old = token_command(gateway).stdout.strip()
    gateway.signal(15)
    assert gateway.wait_for_exit() == 0
    gateway.start()
    assert status_with(gateway, old) == 200
    new = token_command(gateway, "--rotate").stdout.strip()
    assert new != old
    assert (status_with(gateway, new), status_with(gateway, old)) == (200, 401)


def test_tokens_of_the_file_count_from_a_reload_on(gateway: Gateway) -> None:
    gateway.start()
    assert "tokens are those of" in token_command(gateway).stderr
    other = TOKEN[::-1]
    text = gateway.file.read_text()
    gateway.file.write_text(text.replace(_CONFIGURED, f', tokens: {{old: "{TOKEN}", new: "{other}"}}'))
    gateway.signal(1)
    gateway.wait_for_log("the configuration is in force")
    assert (status_with(gateway, TOKEN), status_with(gateway, other)) == (200, 200)
    gateway.file.write_text(text.replace(TOKEN, other))
    gateway.signal(1)
    gateway.wait_for_log("the configuration is in force")
    assert (status_with(gateway, TOKEN), status_with(gateway, other)) == (401, 200)
    assert not (gateway.folder / "hotgate-state").exists()


def test_without_a_folder_for_it_the_gateway_serves_and_the_log_says_what_to_do(gateway: Gateway) -> None:
    without_token(gateway)
    state = gateway.folder / "hotgate-state"
    state.mkdir(mode=0o755)
    gateway.start()
    assert [each for each in gateway.log if each["message"].startswith("the admin API lets nobody in")]
    assert gateway.get() == (200, "one")
    assert [gateway.admin(path)[0] for path in ("/healthz", "/readyz", "/metrics")] == [200, 200, 200]
    refused = Operator(gateway, "").ask("GET", "/status")
    assert (refused.status, refused.body["code"]) == (503, "no-admin-token")
    assert "is open to other users" in gateway.wait_for_log("admin-token-missing")["reason"]
    assert str(state) not in refused.body["detail"]
    state.chmod(0o700)
    assert status_with(gateway, token_command(gateway, "--rotate").stdout.strip()) == 401  # not there yet
    assert status_with(gateway, (state / "admin-token").read_text()) == 200


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"Authorization: Bearer \r\n",
        b"Authorization: Bearer wrong\r\n",
        b"Authorization: Basic " + TOKEN.encode() + b"\r\n",
        b"X-Authorization: Bearer " + TOKEN.encode() + b"\r\n",
        b"Cookie: token=" + TOKEN.encode() + b"\r\n",
        b"Authorization: Bearer " + TOKEN.encode() + b"\r\nAuthorization: Bearer x\r\n",
        b"Authorization: Bearer " + TOKEN.encode() + b"\r\nAuthorization: Bearer " + TOKEN.encode() + b"\r\n",
        b"Authorization: Bearer " + b"a" * 30_000 + b"\r\n",
    ],
)
def test_requests_without_the_token(served: Gateway, head: bytes) -> None:
    for target in (b"/api/v1/status", b"/api/v1/keys?access_token=" + TOKEN.encode(), b"/api/", b"/api/v1/nothing"):
        answer = raw(served, b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\n" + head + b"\r\n")
        assert answer.startswith((b"HTTP/1.1 401 ", b"HTTP/1.1 429 "))
        assert b"application/problem+json" in answer
        assert TOKEN.encode() not in answer


@pytest.mark.parametrize(
    "target", [b"/api/../api/v1/status", b"//api/v1/status", b"/API/v1/status", b"/%61pi/v1/status"]
)
def test_no_spelling_of_the_path_goes_round_the_door(served: Gateway, target: bytes) -> None:
    answer = raw(served, b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert answer.split()[1] in (b"401", b"404", b"429")


def test_a_page_of_the_web_gets_nowhere(served: Gateway) -> None:
    """DNS rebinding, and what a page may send to another origin without asking first."""
    rebound = Operator(served).ask("GET", "/status", fields={"Host": "evil.example"})
    assert rebound.status == 421
    preflight = Operator(served, "").ask("OPTIONS", "/keys", fields={"Origin": "https://evil.example"})
    assert preflight.status in (401, 429)
    assert not [name for name in preflight.fields if name.lower().startswith("access-control-")]


def test_a_body_is_not_read_before_the_token(served: Gateway) -> None:
    head = b"POST /api/v1/consumers HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n{"
    answer = raw(served, head)  # the rest never comes, and the connection ends all the same
    assert answer.startswith((b"HTTP/1.1 401 ", b"HTTP/1.1 429 "))


def test_a_huge_body_is_refused_by_its_announcement(served: Gateway) -> None:
    head = (
        b"POST /api/v1/consumers HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Authorization: Bearer " + TOKEN.encode() + b"\r\nContent-Length: 1000000000\r\n\r\n{"
    )
    assert raw(served, head).startswith(b"HTTP/1.1 413 ")


def test_who_guesses_is_told_to_stay_away_and_the_operator_is_not(served: Gateway) -> None:
    statuses = {status_with(served, f"wrong{number}") for number in range(12)}
    assert 429 in statuses
    assert status_with(served, TOKEN) == 200
    assert [each for each in served.log if each["message"] == "admin-token-refused"]
    assert not [each for each in served.log if "wrong1" in str(each)]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One gateway for all requests that change nothing."""
    gateway = Gateway(tmp_path_factory.mktemp("admin"))
    gateway.write()
    gateway.start()
    yield gateway
    gateway.end()


def test_the_folder_can_be_chosen(gateway: Gateway, tmp_path: Path) -> None:
    without_token(gateway)
    gateway.file.write_text(f"{gateway.file.read_text()}\nstate_dir: kept\n")
    gateway.start()
    assert (tmp_path / "kept" / "admin-token").exists()
    assert status_with(gateway, token_command(gateway).stdout.strip()) == 200
