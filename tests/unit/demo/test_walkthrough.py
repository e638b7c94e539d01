from hotgate.demo.credentials import new_credentials
from hotgate.demo.walkthrough import settings, steps


def test_every_variable_of_the_steps_is_set() -> None:
    names = {line.removeprefix("export ").partition("=")[0] for line in settings(new_credentials())}
    commands = " ".join(step.command for step in steps("http://127.0.0.1:8080"))
    assert names == {name for name in ("TOKEN", "EXPIRED", "KEY") if f"${name}" in commands}


def test_every_kind_of_answer_is_shown() -> None:
    assert {step.status for step in steps("http://127.0.0.1:8080")} == {200, 400, 401, 403, 429}


def test_commands_are_single_lines() -> None:
    assert not any("\n" in step.command for step in steps("http://127.0.0.1:8080"))
