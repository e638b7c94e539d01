import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotgate.config.scalars import resolve


@pytest.mark.parametrize(
    "text", ["on", "off", "yes", "no", "On", "y", "1:30", "2024-01-01", "1_000", "0b1", "nUll", "-"]
)
def test_text_of_other_schemas_stays_text(text: str) -> None:
    assert resolve(text) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [("", None), ("~", None), ("null", None), ("true", True), ("FALSE", False), ("12", 12), ("-7", -7), ("+7", 7)],
)
def test_constants_and_integers(text: str, value: object) -> None:
    assert resolve(text) == value


@pytest.mark.parametrize(
    ("text", "value"), [("010", 10), ("0o17", 15), ("0x1F", 31), ("1.5", 1.5), (".5", 0.5), ("1e3", 1e3)]
)
def test_numbers(text: str, value: float) -> None:
    assert resolve(text) == value


@pytest.mark.parametrize("text", [".inf", "-.INF", ".nan", "1e999", "9" * 5000, "0x" + "f" * 5000])
def test_numbers_that_no_file_needs_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"finite|digits"):
        resolve(text)


@given(st.text(max_size=60))
def test_any_text_is_a_scalar_or_refused(text: str) -> None:
    try:
        value = resolve(text)
    except ValueError as error:
        assert "finite" in str(error) or "digits" in str(error)  # noqa: PT017  (either outcome is right)
    else:
        assert value is None or isinstance(value, str | int | float)
