"""A compiled configuration, and what it is wired to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hotgate.config.gateway import Gateway
from hotgate.edge.context import Snapshot
from hotgate.limits.concurrency.place_book import PlacePlan
from hotgate.limits.limit import Limit
from hotgate.observe.metrics import WorkerMetrics
from hotgate.pipeline.policy import Authenticator
from hotgate.policies.decision_points.contract import DecisionPoint
from hotgate.upstream.outbox import Outbox
from hotgate.upstream.upstream import Upstream


@dataclass(frozen=True, slots=True)
class Compiled:
    """A snapshot, the parts of it that outlive a reload, and the compiled entries of `identity`.

    limits: by scope.
    """

    snapshot: Snapshot
    config: Gateway
    upstreams: Mapping[str, Upstream]
    places: PlacePlan
    identities: Mapping[str, Authenticator] = field(default_factory=dict)
    decision_points: Mapping[str, DecisionPoint] = field(default_factory=dict)
    limits: Mapping[str, Limit] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a compiled configuration is wired to. current: the one in force, whose unchanged upstreams are kept.

    services: what policies may use, by name; at least "limiter" (LeaseClient) and "key_sets" (KeySets).
    """

    services: Mapping[str, Any]
    metrics: WorkerMetrics
    outbox: Outbox = field(default_factory=Outbox)
    current: Compiled | None = None
