"""What `hotgate releases list` shows."""

import pytest

from hotgate.cli.releases import time_text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.000487, "0.487 ms"), (0.0214, "21.4 ms"), (0.9991, "999 ms"), (2.412, "2.41 s")]
)
def test_times_are_read_at_a_glance(seconds: float, text: str) -> None:
    assert time_text(seconds) == text
