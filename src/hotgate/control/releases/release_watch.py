"""What workers report of the sides of releases, as far back as each release looks, and which of them do too badly."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hotgate.control.releases.side_window import SideCounts, SideWindow
from hotgate.control.releases.verdict import verdict
from hotgate.observe.side_recorder import side_name
from hotgate.policies.releases.release_settings import ReleaseSettings

_WINDOW = 60.0  # seconds that are shown of sides that nobody judges

Releases = Mapping[str, tuple[str, ReleaseSettings]]
"""By route: its own upstream, and its release."""


class ReleaseWatch:
    """now: monotonic seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._releases: Releases = {}
        self._windows: dict[str, SideWindow] = {}
        self._reported: dict[str, dict[str, SideCounts]] = {}

    def follow(self, releases: Releases) -> None:
        """A configuration is in force: look at these. What stays as it was keeps what was counted."""
        kept: dict[str, SideWindow] = {}
        for route, (own, release) in releases.items():
            seconds = release.return_on.window if release.return_on else _WINDOW
            for name in (side_name(route, side) for side in (own, *release.to)):
                window = self._windows.get(name)
                kept[name] = window if window is not None and window.seconds == seconds else SideWindow(seconds)
        self._releases, self._windows = releases, kept

    def received(self, worker: str, report: Mapping[str, Any], *, is_orphan: bool) -> None:
        """What a worker has counted since it was started. Raises KeyError, TypeError or ValueError.

        is_orphan: an earlier control process has left it behind. It is not known when it was started, so its first
        report is only where counting begins.
        """
        known = self._reported.setdefault(worker, {})
        for values in report.get("sides", ()):
            name, counts = str(values["side"]), SideCounts.from_report(values)
            if name in self._windows:
                earlier = known.get(name, counts if is_orphan else SideCounts())
                known[name] = counts
                self._windows[name].add(counts.since(earlier), self._now())

    def gone(self, worker: str) -> None:
        """A worker has ended."""
        self._reported.pop(worker, None)

    def counts(self, route: str, upstream: str) -> SideCounts:
        """Of a side, within its window."""
        return self._windows[side_name(route, upstream)].total(self._now())

    def begin_anew(self, route: str, upstream: str) -> None:
        """What a side has done so far counts no longer: somebody gives it another chance."""
        name = side_name(route, upstream)
        self._windows[name] = SideWindow(self._windows[name].seconds)

    def failing(self) -> Iterator[tuple[str, str, str]]:
        """(route, upstream, why) of each that must get no more requests."""
        for route, (own, release) in self._releases.items():
            if release.return_on is not None:
                stable = self.counts(route, own)
                for side in release.to:
                    if reason := verdict(release.return_on, self.counts(route, side), stable):
                        yield route, side, reason
