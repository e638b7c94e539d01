"""A worker's metrics: its recorders by name, its gauges, and the reports it sends to the control process.

Labels come from the configuration (routes, upstreams) or from bounded sets (statuses, codes, kinds of failure), so no
client can make the number of series grow.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hotgate.observe.handshakes import Handshakes
from hotgate.observe.login_failures import LoginFailures
from hotgate.observe.recorder import RouteRecorder, UpstreamRecorder

Snapshot = dict[str, Any]
"""JSON types: {"routes": [values], "upstreams": [values], "gauges": {name: number}, "counters": {name: number}}.

A gauge or counter with labels is a mapping of labels to numbers.
"""

Recorder = RouteRecorder | UpstreamRecorder


class WorkerMetrics:
    """Every recorder of a worker. A reload asks for them again by name and gets the same ones: counts survive.

    connections_open, exchanges_active: gauges that the edge raises and lowers. connections: all that were accepted.
    connections_refused: those that were turned away, by reason; the edge's own mapping, which it raises.
    log_dropped, decisions_dropped: lines of the two logs given up because a sink stalled. ejected: by upstream and
    target, 1 for each that is out of service for its failures. panics: by upstream, 1 for each that uses all its
    targets for want of better ones. handshakes: of TLS listeners.
    """

    __slots__ = (
        "_round",
        "_routes",
        "_upstreams",
        "connections",
        "connections_open",
        "connections_refused",
        "decisions_dropped",
        "ejected",
        "exchanges_active",
        "handshakes",
        "log_dropped",
        "logins",
        "panics",
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
        self.handshakes = Handshakes()
        self.logins = LoginFailures()
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
        return [*self._routes.values(), *self._upstreams.values()]

    def _snapshot_of(self, recorders: list[Recorder]) -> Snapshot:
        return {
            "routes": [recorder.values() for recorder in recorders if isinstance(recorder, RouteRecorder)],
            "upstreams": [recorder.values() for recorder in recorders if isinstance(recorder, UpstreamRecorder)],
            "gauges": {
                "connections_open": self.connections_open,
                "exchanges_active": self.exchanges_active,
                "ejected": self.ejected,
                "panics": self.panics,
            },
            "counters": {
                "connections": self.connections,
                "connections_refused": dict(self.connections_refused),
                "log_dropped": self.log_dropped,
                "decisions_dropped": self.decisions_dropped,
                **self.handshakes.values(),
                **self.logins.values(),
            },
        }
