"""What is added to every route so that its decisions can be explained; nothing where the configuration is silent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hotgate.config.gateway import Gateway
from hotgate.keys.sealing_ring import SealingRingHolder
from hotgate.observe.metrics import WorkerMetrics
from hotgate.pipeline.decision import StepLabel
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import PhasedStep
from hotgate.pipeline.route import Route, Step
from hotgate.policies.explaining.decision_log import DecisionNotes
from hotgate.policies.explaining.explained_answers import ExplainedAnswers
from hotgate.policies.explaining.named_refusals import naming_refusals

DECISION_LOG = "decision_log"  # the worker's service that takes the records; without it nothing is noted


@dataclass(frozen=True, slots=True)
class Observing:
    """first: steps before all others of a route. last: behind them."""

    first: tuple[PhasedStep, ...] = ()
    last: tuple[PhasedStep, ...] = ()

    @classmethod
    def of(cls, config: Gateway, services: Mapping[str, Any]) -> "Observing":
        """What a configuration wants, as far as there is somebody to take it."""
        first: tuple[PhasedStep, ...] = ()
        last: tuple[PhasedStep, ...] = ()
        if config.admin.explain:
            keys = services.get("session_keys") or SealingRingHolder()
            first += ExplainedAnswers(keys, services.get("ask")).steps
        if config.decision_log is not None and (log := services.get(DECISION_LOG)) is not None:
            notes = DecisionNotes(config.decision_log, log.append)
            first, last = (*first, *notes.first), notes.last
        return cls(first, last)

    def watched(self, step: Step, label: StepLabel) -> Step:
        """A step of a route as it is to run: what it refuses has a name, if anybody wants to know."""
        return naming_refusals(step, label) if self.first else step

    def unmatched(self, metrics: WorkerMetrics) -> Route:
        """What stands in for a route when none matches: it is decided about too."""
        steps = [*self.first, *self.last]
        return Route(
            "",
            after=[step.run for step in reversed(steps) if step.phase is Phase.RESPOND],
            finish=[step.run for step in steps if step.phase is Phase.FINISH],
            recorder=metrics.route(""),
        )
