"""Telling a disturbed measurement from a quiet one."""

import pytest
from bench.cases.usage import Usage

_START = Usage(clock=100.0, server=10.0, load=20.0, server_core=50.0, load_core=60.0)


@pytest.mark.parametrize(
    ("server_core", "load_core", "disturbed"),
    [(54.0, 64.0, 0.0), (56.0, 64.0, 0.5), (54.0, 65.0, 0.25), (53.9, 63.9, 0.0)],
)
def test_disturbed_is_what_neither_server_nor_load_used(server_core: float, load_core: float, disturbed: float) -> None:
    end = Usage(clock=104.0, server=14.0, load=24.0, server_core=server_core, load_core=load_core)
    assert end.since(_START).disturbed == pytest.approx(disturbed)
