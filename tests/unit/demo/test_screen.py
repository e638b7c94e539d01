from pathlib import Path

import pytest

from hotgate.demo.credentials import new_credentials
from hotgate.demo.screen import Screen

READY = {
    "message": "ready",
    "level": "info",
    "listeners": {"web": "127.0.0.1:8080", "tls": "127.0.0.1:8443"},
    "admin": "127.0.0.1:9900",
}


@pytest.fixture
def screen() -> Screen:
    return Screen(Path("/tmp/demo/hotgate.yaml"), new_credentials("opaque"), "http://127.0.0.1:9901")


def test_nothing_is_broken_into_lines(screen: Screen, capsys: pytest.CaptureFixture[str]) -> None:
    screen.show_message(READY)
    lines = capsys.readouterr().out.splitlines()
    assert all(line.startswith(("  curl", "  KEY=")) for line in lines if "curl -si" in line)
    assert any(line.startswith("  export TOKEN=") and len(line) > 200 for line in lines)


def test_the_configuration_and_the_addresses_are_shown(screen: Screen, capsys: pytest.CaptureFixture[str]) -> None:
    screen.show_message(READY)
    shown = capsys.readouterr().out
    assert "/tmp/demo/hotgate.yaml" in shown
    assert "http://127.0.0.1:8080" in shown
    assert "http://127.0.0.1:9900/metrics" in shown


def test_errors_of_the_gateway_are_shown(screen: Screen, capsys: pytest.CaptureFixture[str]) -> None:
    screen.show_message({"message": "hotgate.yaml:3:1: lissteners: unknown key", "level": "error"})
    assert capsys.readouterr().out == "hotgate.yaml:3:1: lissteners: unknown key\n"


def test_what_is_no_request_is_shown_as_it_is(screen: Screen, capsys: pytest.CaptureFixture[str]) -> None:
    screen.show_request({"message": "[last words]", "level": "error"})
    assert capsys.readouterr().out == "[last words]\n"
