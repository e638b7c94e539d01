import pytest

from hotgate.config.variables import Variables


def test_references_are_filled_in_and_named() -> None:
    variables = Variables({"USER": "u", "WORD": "w"})
    assert variables.fill("${USER}:${WORD}@x") == ("u:w@x", "USER, WORD")


@pytest.mark.parametrize(
    ("text", "filled"),
    [("${A:-d}", "d"), ("${EMPTY:-d}", "d"), ("${EMPTY}", ""), ("${A:-}", ""), ("$${A}", "${A}"), ("$A $", "$A $")],
)
def test_defaults_and_escapes(text: str, filled: str) -> None:
    assert Variables({"EMPTY": ""}).fill(text)[0] == filled


def test_missing_variable_is_named() -> None:
    with pytest.raises(ValueError, match="NOT_THERE is not set"):
        Variables({}).fill("${NOT_THERE}")


@pytest.mark.parametrize("text", ["${1}", "${", "${A B}", "${}", "${A", "${A-b}"])
def test_malformed_reference_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="starts a variable"):
        Variables({"A": "a"}).fill(text)


def test_values_are_not_filled_again() -> None:
    assert Variables({"A": "${B}", "B": "secret"}).fill("${A}")[0] == "${B}"


def test_values_are_redacted() -> None:
    variables = Variables({"A": "hunter2", "B": "hunter2-and-more"})
    variables.fill("${A} ${B}")
    assert variables.redact("no hunter2-and-more, no hunter2") == "no ${B}, no ${A}"
