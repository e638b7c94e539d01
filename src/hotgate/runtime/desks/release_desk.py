"""Releases of all workers together: what shares are in force, how the sides do, and when one gets no more requests.

Workers report what they count each second, this decides, and tells every worker. An upstream that was taken out stays
out until somebody says otherwise: by a command, through the admin API, or by other shares in the file.
"""

import logging
import os
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from hotgate.config.gateway import Gateway
from hotgate.control.administration_error import AdministrationError
from hotgate.control.releases.release_watch import ReleaseWatch
from hotgate.observe.side_recorder import side_name
from hotgate.policies.releases.overrides import NOTHING, Override
from hotgate.policies.releases.release_settings import ReleaseSettings, share_text
from hotgate.runtime.desks.kept_releases import KeptRelease, ReleaseFile
from hotgate.runtime.folders.state_directory import state_directory
from hotgate.runtime.workers.channel import Message
from hotgate.runtime.workers.worker_handle import WorkerHandle

_log = logging.getLogger("hotgate.runtime")
_PERCENTILE = 95  # that is shown of sides nobody judges


class ReleaseDesk:
    """now: monotonic seconds. clock: epoch seconds. broadcast: sends to every worker. configuration: its
    file, by which the folder is found where changes are kept.

    returns: how often a side was taken out, by its name.
    """

    def __init__(
        self,
        now: Callable[[], float],
        clock: Callable[[], float],
        broadcast: Callable[[Message], None],
        configuration: Path,
    ) -> None:
        self._configuration = configuration
        self._clock = clock
        self._broadcast = broadcast
        self._file: ReleaseFile | None = None
        self._settings: dict[str, tuple[str, ReleaseSettings]] = {}
        self._kept: dict[str, KeptRelease] = {}
        self._watch = ReleaseWatch(now)
        self.returns: Counter[str] = Counter()

    def follow(self, config: Gateway) -> None:
        """A configuration is in force. What was changed in a release counts while the file says of it what it said."""
        if self._file is None:
            self._file = ReleaseFile(state_directory(self._configuration, config.state_dir, os.environ))
            self._kept = self._file.read()
        releases = {route.name: (route.upstream or "", route.policy("release")) for route in config.routes}
        self._settings = {name: (own, release) for name, (own, release) in releases.items() if release is not None}
        outdated = {route for route, kept in self._kept.items() if kept.of_file != self._of_file(route)}
        for route in outdated:
            _log.warning("the file says something new of the release of route %s: earlier changes are forgotten", route)
            del self._kept[route]
        self._watch.follow(self._settings)
        if outdated:
            self._changed()

    async def stop(self) -> None:
        """Wait until everything is written."""
        if self._file is not None:
            await self._file.stop()

    # Workers.

    def hello(self, worker: WorkerHandle) -> None:
        """A worker has connected."""
        worker.send(self.message)

    def received(self, worker: WorkerHandle, report: Mapping[str, Any]) -> None:
        """What a worker has counted. Raises KeyError, TypeError or ValueError."""
        self._watch.received(worker.name, report, is_orphan=worker.launch is None)

    def gone(self, worker: WorkerHandle) -> None:
        """A worker has ended."""
        self._watch.gone(worker.name)

    def tick(self) -> None:
        """Take out what does too badly. Call about once a second."""
        for route, side, reason in list(self._watch.failing()):
            if side not in self._override(route).closed:
                self._take_out(route, side, reason)

    @property
    def message(self) -> Message:
        """Everything that is otherwise than the file says, for workers and for explanations."""
        return {"type": "releases", "routes": {route: kept.override.message for route, kept in self._kept.items()}}

    # Operators.

    def set_share(self, route: str, upstream: str, share: float) -> None:
        """From now on an upstream under `to` gets this share. Raises AdministrationError."""
        _, release = self._of(route)
        self._check_side(route, upstream)
        override = self._override(route)
        shares = {name: override.share_of(name, of_file) for name, of_file in release.to.items()} | {upstream: share}
        if round(sum(shares.values()), 6) > 1:
            raise AdministrationError("release-invalid", "the shares are more than 100% together", member="percent")
        self._watch.begin_anew(route, upstream)
        self._change(route, Override(shares, override.closed - {upstream}), f"{upstream} was given {share_text(share)}")

    def switch(self, route: str, upstream: str = "") -> None:
        """Everything to one upstream, the route's own or another; "": the only other. Raises AdministrationError."""
        own, release = self._of(route)
        if not upstream and len(release.to) > 1:
            says = f"there are several upstreams; say which: {', '.join(release.to)}"
            raise AdministrationError("release-invalid", says, member="upstream")
        upstream = upstream or next(iter(release.to))
        if upstream != own:
            self._check_side(route, upstream)
        shares = {name: float(name == upstream) for name in release.to}
        self._watch.begin_anew(route, upstream)
        self._change(route, Override(shares, self._override(route).closed - {upstream}), f"switched to {upstream}")

    def abort(self, route: str) -> None:
        """Everything to the route's own upstream, also what rules would send elsewhere. Raises AdministrationError."""
        _, release = self._of(route)
        self._change(route, Override(dict.fromkeys(release.to, 0.0), frozenset(release.to)), "aborted")

    def reset(self, route: str) -> None:
        """Let the file count again. Raises AdministrationError."""
        self._of(route)
        if self._kept.pop(route, None) is not None:
            self._changed()

    def state(self) -> list[dict[str, Any]]:
        """One object for each release, for the admin interface."""
        return [self._shown(route, own, release) for route, (own, release) in self._settings.items()]

    def _shown(self, route: str, own: str, release: ReleaseSettings) -> dict[str, Any]:
        kept, override = self._kept.get(route), self._override(route)
        shares = {name: override.share_of(name, of_file) for name, of_file in release.to.items()}
        percentile = release.return_on.percentile if release.return_on else _PERCENTILE
        rest = {own: max(0.0, 1.0 - sum(shares.values()))}
        return {
            "route": route,
            "upstream": own,
            "sides": [
                self._shown_side(route, name, share, percentile, closed=name in override.closed)
                for name, share in {**rest, **shares}.items()
            ],
            "changed": kept is not None,
            "because": kept.because if kept else "",
            "since": kept.at if kept else None,
        }

    def _shown_side(self, route: str, name: str, share: float, percentile: int, *, closed: bool) -> dict[str, Any]:
        counts = self._watch.counts(route, name)
        return {
            "upstream": name,
            "percent": round(share * 100, 4),
            "closed": closed,
            "requests": counts.requests,
            "errors": counts.errors,
            "percentile": percentile,
            "seconds": round(counts.percentile(percentile), 6),
        }

    def _of(self, route: str) -> tuple[str, ReleaseSettings]:
        if route not in self._settings:
            raise AdministrationError(
                "release-unknown",
                "there is no route of this name with a release; `hotgate releases list` shows them",
                member="route",
            )
        return self._settings[route]

    def _check_side(self, route: str, upstream: str) -> None:
        own, release = self._settings[route]
        if upstream in release.to:
            return
        says = f"`release.to` of the route has {', '.join(release.to)}"
        if upstream == own:
            says += "; the route's own upstream gets what is left"
        raise AdministrationError("release-invalid", says, member="upstream")

    def _override(self, route: str) -> Override:
        kept = self._kept.get(route)
        return NOTHING if kept is None else kept.override

    def _of_file(self, route: str) -> Mapping[str, Any] | None:
        """What must not change for changes to count: `upstream` and `to`."""
        if route not in self._settings:
            return None
        own, release = self._settings[route]
        return {"upstream": own, "to": dict(release.to)}

    def _take_out(self, route: str, side: str, reason: str) -> None:
        override = self._override(route)
        closed = replace(override, shares={**override.shares, side: 0.0}, closed=override.closed | {side})
        self.returns[side_name(route, side)] += 1
        facts = {"route": route, "upstream": side, "reason": reason}
        _log.error("release-returned", extra={"facts": facts})
        self._change(route, closed, f"{side} was taken out: {reason}")

    def _change(self, route: str, override: Override, because: str) -> None:
        self._kept[route] = KeptRelease(override, because, self._clock(), self._of_file(route) or {})
        self._changed()

    def _changed(self) -> None:
        self._broadcast(self.message)
        if self._file is not None:
            self._file.keep(self._kept)
