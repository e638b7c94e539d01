"""How many descriptors a process takes, and how many of them clients may have."""

import logging
import resource

import pytest

from hotgate.config.limits import Limits
from hotgate.runtime.worker_process import descriptors


@pytest.mark.parametrize(
    ("soft", "hard", "taken"),
    [
        (1024, 4096, 4096),
        (4096, 4096, 4096),
        (1024, resource.RLIM_INFINITY, 1 << 20),
        (1024, 1 << 30, 1 << 20),
        (1 << 21, 1 << 22, 1 << 21),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, 1 << 20),
    ],
)
def test_the_limit_is_raised(monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, taken: int) -> None:
    limits = [(soft, hard)]
    monkeypatch.setattr(resource, "getrlimit", lambda kind: limits[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda kind, limit: limits.append(limit))
    assert descriptors.raise_limit() == taken
    assert len(limits) == 1 or limits[-1] == (taken, hard)


@pytest.mark.parametrize(("limit", "highest"), [(64, 48), (256, 192), (20_000, 18_912), (1 << 20, (1 << 20) - 1088)])
def test_some_are_kept_for_backends(limit: int, highest: int) -> None:
    assert descriptors.highest_for_clients(limit) == highest


def test_a_configuration_that_cannot_be_fulfilled_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="hotgate.runtime"):
        descriptors.tell_if_too_few(1024, Limits(max_connections=768))
        assert not caplog.records
        descriptors.tell_if_too_few(1024, Limits(max_connections=769))
        descriptors.tell_if_too_few(1024, Limits())
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert "limits.max_connections is 769" in caplog.text
