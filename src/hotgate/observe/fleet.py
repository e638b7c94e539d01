"""The metrics of all workers together, in the control process; a worker's counts outlive it."""

from collections.abc import Iterable, Mapping
from typing import Any

from hotgate.observe.label import label
from hotgate.observe.metrics import Snapshot
from hotgate.observe.release_metrics import is_kept


class Fleet:
    """The latest report of each worker, and the sum of those that are gone: no counter ever goes down."""

    def __init__(self) -> None:
        self._workers: dict[str, Snapshot] = {}
        self._retired = merge(())

    def update(self, worker: str, report: Snapshot) -> None:
        """Take a full snapshot or the changes of a worker. `worker` names one process, never its replacement too."""
        known = self._workers.get(worker, {})
        self._workers[worker] = {
            "routes": _replaced(known.get("routes", ()), report["routes"], "route"),
            "upstreams": _replaced(known.get("upstreams", ()), report["upstreams"], "upstream"),
            "sides": _replaced(known.get("sides", ()), report.get("sides", ()), "side"),  # not of an older version
            "gauges": report["gauges"],
            "counters": report["counters"],
        }

    def retire(self, worker: str) -> None:
        """Keep the counts of a worker that is gone; its gauges go with it. Call once no report can follow."""
        if (last := self._workers.pop(worker, None)) is not None:
            self._retired = merge((self._retired, {**last, "gauges": {}}))

    def retain(self, routes: Iterable[str], upstreams: Mapping[str, Iterable[str]]) -> None:
        """Forget what the new configuration no longer has, so that memory stays bounded.

        upstreams: name → its targets' names.
        """
        kept_routes = {"", *routes}
        for snapshot in (self._retired, *self._workers.values()):
            snapshot["routes"] = [values for values in snapshot["routes"] if values["route"] in kept_routes]
            snapshot["upstreams"] = [
                _of_targets(values, upstreams[values["upstream"]])
                for values in snapshot["upstreams"]
                if values["upstream"] in upstreams
            ]
            snapshot["sides"] = [each for each in snapshot["sides"] if is_kept(each["side"], kept_routes, upstreams)]

    def total(self) -> Snapshot:
        """The sum over every worker, past and present."""
        return merge((self._retired, *self._workers.values()))


def merge(snapshots: Iterable[Snapshot]) -> Snapshot:
    """One snapshot that is the sum of several."""
    routes: dict[str, dict[str, Any]] = {}
    upstreams: dict[str, dict[str, Any]] = {}
    sides: dict[str, dict[str, Any]] = {}
    gauges: dict[str, Any] = {}
    counters: dict[str, Any] = {}
    for snapshot in snapshots:
        _add_all(routes, snapshot["routes"], "route")
        _add_all(upstreams, snapshot["upstreams"], "upstream")
        _add_all(sides, snapshot["sides"], "side")
        _add(gauges, snapshot["gauges"])
        _add(counters, snapshot["counters"])
    return {
        "routes": [*routes.values()],
        "upstreams": [*upstreams.values()],
        "sides": [*sides.values()],
        "gauges": gauges,
        "counters": counters,
    }


def _add_all(totals: dict[str, dict[str, Any]], entries: Iterable[dict[str, Any]], key: str) -> None:
    for values in entries:
        _add(totals.setdefault(values[key], {}), values)


def _add(total: dict[str, Any], values: dict[str, Any]) -> None:
    """Add numbers, lists of numbers and mappings of numbers; keep texts, which are labels."""
    for name, value in values.items():
        if isinstance(value, dict):
            _add(total.setdefault(name, {}), value)
        elif isinstance(value, list):
            total[name] = [sum(pair) for pair in zip(total[name], value, strict=True)] if name in total else [*value]
        elif isinstance(value, str):
            total[name] = value
        else:
            total[name] = total.get(name, 0) + value


def _of_targets(values: dict[str, Any], targets: Iterable[str]) -> dict[str, Any]:
    kept, ejections = set(map(label, targets)), values.get("ejections", {})
    return {**values, "ejections": {target: count for target, count in ejections.items() if target in kept}}


def _replaced(known: Iterable[dict[str, Any]], reported: Iterable[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    entries = {values[key]: values for values in known}
    entries.update((values[key], values) for values in reported)
    return [*entries.values()]
