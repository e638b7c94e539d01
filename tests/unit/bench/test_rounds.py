"""The order of measuring, and what happens when one fails."""

import math

import pytest
from bench.load.wrk import BadRunError
from bench.results import Results
from bench.rounds import Probe, rotations, take


def _probe(server: str, log: list[str], rounds: int = 10) -> Probe:
    def measure() -> dict[str, float]:
        log.append(server)
        return {"rate": float(len(log))}

    return Probe("plain", server, measure, rounds)


def test_each_round_begins_with_the_next_server_and_has_all_of_them() -> None:
    probes = [_probe(name, []) for name in "abc"]
    orders = ["".join(probe.server for probe in order) for _, order in rotations(probes, 4)]
    assert orders == ["abc", "bca", "cab", "abc"]


def test_no_probes_are_no_trouble() -> None:
    assert list(rotations([], 2)) == [(0, []), (1, [])]


def test_keeps_every_sample_and_honours_a_probes_own_number_of_rounds() -> None:
    log: list[str] = []
    results = Results()
    take([_probe("a", log), _probe("once", log, rounds=1)], 3, math.inf, results)
    assert log == ["a", "once", "a", "a"]
    assert results.samples == {"plain": {"a": {"rate": [1.0, 3.0, 4.0]}, "once": {"rate": [2.0]}}}


@pytest.mark.parametrize("error", [BadRunError("refused"), OSError("reset")])
def test_a_failure_is_noted_and_the_others_go_on(error: Exception) -> None:
    def fail() -> dict[str, float]:
        raise error

    results = Results()
    take([Probe("plain", "broken", fail), _probe("a", [])], 1, math.inf, results)
    assert results.servers("plain") == ["a"]
    assert results.notes == [f"plain of broken, round 1: {error}"]


def test_nothing_starts_after_the_deadline() -> None:
    results = Results()
    take([_probe("a", [])], 1, -math.inf, results)
    assert results.samples == {}
    assert "time was up" in results.notes[0]
