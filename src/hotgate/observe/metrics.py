"""A worker's metrics: its recorders by name, its gauges, and the reports it sends to the control process.

Labels come from the configuration (routes, upstreams) or from bounded sets (statuses, codes, kinds of failure), so no
client can make the number of series grow.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hotgate.observe.decisions import Decisions
from hotgate.observe.handshakes import Handshakes
from hotgate.observe.histogram import Histogram
from hotgate.observe.login_failures import LoginFailures
from hotgate.observe.recorder import RouteRecorder, UpstreamRecorder
from hotgate.observe.release_metrics import ReleaseMetrics
from hotgate.observe.side_recorder import SideRecorder

Snapshot = dict[str, Any]
"""JSON types: {"routes": [values], "upstreams": [values], "sides": [values], "gauges": {name: number}, "counters":
{name: number}}.

A gauge or counter with labels is a mapping of labels to numbers.
"""

Recorder = RouteRecorder | UpstreamRecorder | SideRecorder


class WorkerMetrics:
    """Every recorder of a worker. A reload asks for them again by name and gets the same ones: counts survive.

    connections_open, exchanges_active: gauges that the edge raises and lowers. connections: all that were accepted.
    connections_refused: those that were turned away, by reason; the edge's own mapping, which it raises.
    log_dropped, decisions_dropped: lines of the two logs given up because a sink stalled. ejected: by upstream and
    target, 1 for each that is out of service for its failures. panics: by upstream, 1 for each that uses all its
    targets for want of better ones. handshakes: of TLS listeners. places: of requests, as `PlaceBook.values`.
    overloaded: 1 for each thing of which there is too little. shed: requests that were given up for it, by class.
    loop_lag: turns of the event loop. releases: sides of releases, copies, versions. decisions: of decision points.
    """

    __slots__ = (
        "_round",
        "_routes",
        "_upstreams",
        "connections",
        "connections_open",
        "connections_refused",
        "decisions",
        "decisions_dropped",
        "ejected",
        "exchanges_active",
        "handshakes",
        "log_dropped",
        "logins",
        "loop_lag",
        "overloaded",
        "panics",
        "places",
        "releases",
        "shed",
    )

    def __init__(self) -> None:
        self.connections = 0
        self.connections_open = 0
        self.connections_refused: Mapping[str, int] = {}
        self.exchanges_active = 0
        self.log_dropped = 0
        self.decisions_dropped = 0
        self.ejected: dict[str, dict[str, int]] = {}
        self.panics: dict[str, int] = {}
        self.places: dict[str, dict[str, Any]] = {}
        self.overloaded: dict[str, int] = {}
        self.shed: Mapping[str, int] = {}
        self.loop_lag = Histogram()
        self.handshakes = Handshakes()
        self.logins = LoginFailures()
        self.releases = ReleaseMetrics()
        self.decisions = Decisions()
        self._routes: dict[str, RouteRecorder] = {}
        self._upstreams: dict[str, UpstreamRecorder] = {}
        self._round: Iterator[Recorder] | None = None

    def route(self, route: str, upstream: str = "") -> RouteRecorder:
        """The recorder of a route, even if its upstream changed. Requests that match none belong to the route ""."""
        if route not in self._routes:
            self._routes[route] = RouteRecorder(route, upstream)
        recorder = self._routes[route]
        recorder.upstream = upstream
        return recorder

    def upstream(self, upstream: str) -> UpstreamRecorder:
        """The recorder of an upstream."""
        if upstream not in self._upstreams:
            self._upstreams[upstream] = UpstreamRecorder(upstream)
        return self._upstreams[upstream]

    def retain(self, routes: Iterable[str], upstreams: Mapping[str, Iterable[str]]) -> None:
        """Forget what the new configuration no longer has. Call after a commit. upstreams: name → its targets' names.

        Without it, routes and targets that come and go would fill the memory of a node that is never restarted.
        """
        kept_routes = {"", *routes}
        self._routes = {name: recorder for name, recorder in self._routes.items() if name in kept_routes}
        self._upstreams = {name: recorder for name, recorder in self._upstreams.items() if name in upstreams}
        for name, recorder in self._upstreams.items():
            recorder.retain(upstreams[name])
        self.releases.retain(kept_routes, upstreams)
        self._round = None

    def snapshot(self) -> Snapshot:
        """Everything counted since the worker started."""
        return self._snapshot_of(self._recorders())

    def changes(self, most: int = 1000) -> Snapshot:
        """The same for recorders that changed since they were last in a report, and for at most `most` of those.

        The next call goes on where this one stopped: with 10,000 routes a report stays small and delays no request.
        """
        changed: list[Recorder] = []
        self._round = self._round or iter(self._recorders())
        for recorder in self._round:
            if (total := recorder.total()) != recorder.reported:
                recorder.reported = total
                changed.append(recorder)
                if len(changed) >= most:
                    return self._snapshot_of(changed)
        self._round = None
        return self._snapshot_of(changed)

    def forget_reports(self) -> None:
        """Let `changes` start anew, for a control process that was started after this worker."""
        for recorder in self._recorders():
            recorder.reported = 0
        self._round = None

    def _recorders(self) -> list[Recorder]:
        return [*self._routes.values(), *self._upstreams.values(), *self.releases.sides]

    def _snapshot_of(self, recorders: list[Recorder]) -> Snapshot:
        return {
            "routes": [recorder.values() for recorder in recorders if isinstance(recorder, RouteRecorder)],
            "upstreams": [recorder.values() for recorder in recorders if isinstance(recorder, UpstreamRecorder)],
            "sides": [recorder.values() for recorder in recorders if isinstance(recorder, SideRecorder)],
            "gauges": {
                "connections_open": self.connections_open,
                "exchanges_active": self.exchanges_active,
                "ejected": self.ejected,
                "panics": self.panics,
                "overloaded": self.overloaded,
                "places": {kind: self.places.get(kind, {}) for kind in ("limit", "in_use", "waiting")},
            },
            "counters": {
                "connections": self.connections,
                "connections_refused": dict(self.connections_refused),
                "log_dropped": self.log_dropped,
                "decisions_dropped": self.decisions_dropped,
                "places": {kind: self.places.get(kind, {}) for kind in ("waited", "refused")},
                "shed": dict(self.shed),
                "loop_lag": self.loop_lag.values(),
                **self.handshakes.values(),
                **self.logins.values(),
                "mirrored": dict(self.releases.mirrored),
                "versions": dict(self.releases.versions),
                **self.decisions.values(),
            },
        }
