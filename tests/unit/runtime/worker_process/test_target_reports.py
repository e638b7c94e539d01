"""What a worker keeps of what it was told about targets."""

from typing import Any

import pytest

from hotgate.observe.recorder import UpstreamRecorder
from hotgate.runtime.worker_process.target_reports import TargetReports
from hotgate.upstream.availability import AvailabilityRules
from hotgate.upstream.target import Target
from hotgate.upstream.upstream import Upstream

CHECKED = AvailabilityRules(is_checked=True)


class Recorded(Upstream):
    """Keeps the names it was told to use."""

    used = ""

    def use(self, available: Any) -> None:
        super().use(available)
        self.used = "".join(target.name for target in available)


def upstream(*names: str, host: str = "127.0.0.1", name: str = "api") -> Recorded:
    targets = [Target(each, host, 80) for each in names]
    return Recorded(name, targets, recorder=UpstreamRecorder(name), availability=CHECKED)


def message(healthy: Any = None, addresses: Any = None) -> dict[str, Any]:
    return {"type": "targets", "healthy": healthy or {}, "addresses": addresses or {}}


def test_upstreams_in_force_are_told() -> None:
    reports, api = TargetReports(), upstream("a", "b")
    reports.hear(message({"api": {"a": False}, "other": {"x": False}}), {"api": api})
    assert api.used == "b"


def test_upstreams_that_come_later_are_told_when_they_come() -> None:
    reports = TargetReports()
    reports.hear(message({"api": {"a": False}}, {"api.test": ["192.0.2.1"]}), {})
    api, named = upstream("a", "b"), upstream("n", host="api.test", name="named")
    reports.apply({"api": api, "named": named})
    assert (api.used, named.used) == ("b", "n")
    assert named.targets[0].addresses == ("192.0.2.1",)


def test_what_is_said_later_adds_to_what_was_said_before() -> None:
    reports, api = TargetReports(), upstream("a", "b", "c")
    reports.hear(message({"api": {"a": False}}), {"api": api})
    reports.hear(message({"api": {"b": True}}), {"api": api})
    again = upstream("a", "b", "c")
    reports.apply({"api": again})
    assert (api.used, again.used) == ("bc", "bc")


def test_what_no_upstream_has_any_more_is_forgotten() -> None:
    reports = TargetReports()
    reports.hear(message({"api": {"a": False}, "gone": {"x": False}}, {"api.test": ["192.0.2.1"]}), {})
    reports.apply({"api": upstream("b")})
    assert (reports._healthy, reports._addresses) == ({"api": {}}, {})


@pytest.mark.parametrize("bad", [{"healthy": 1, "addresses": {}}, {"healthy": {"api": 1}, "addresses": {}}, {}])
def test_a_message_that_makes_no_sense_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError, AttributeError)):
        TargetReports().hear({"type": "targets", **bad}, {})
