from pathlib import Path

from hotgate.demo.credentials import new_credentials
from hotgate.demo.walkthrough import Places, settings, steps

STEPS = steps(
    Places("http://127.0.0.1:8080", "https://127.0.0.1:8443", "http://127.0.0.1:9900", "http://127.0.0.1:9901")
)


def test_every_variable_of_the_steps_is_set() -> None:
    pasted = settings(Path("/tmp/a demo"), new_credentials("opaque"))
    names = {line.removeprefix("export ").partition("=")[0] for line in pasted}
    commands = " ".join(step.command for step in STEPS)
    assert names == {"DEMO", "TOKEN", "EXPIRED", "OPAQUE"}
    assert all(f"${name}" in commands for name in names)


def test_every_kind_of_answer_is_shown() -> None:
    assert {step.status for step in STEPS} == {200, 201, 302, 400, 401, 403, 429}


def test_commands_are_single_lines() -> None:
    assert not any("\n" in step.command for step in STEPS)
