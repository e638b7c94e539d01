"""Decisions and limits as answers show them: with the file and line at which each rule stands."""

from collections.abc import Sequence

from hotgate.config.loader import Loaded
from hotgate.config.position import Path, path_text
from hotgate.control.api.explain import ExplainedLimit, ExplainedRule, ExplainedStep
from hotgate.pipeline.decision import Decision
from hotgate.pipeline.exchange import Exchange
from hotgate.policies.explaining.facts import MASKED, attribute_values, shown_text
from hotgate.runtime.explaining.peeked_limit import PeekedLimit

# By what keys begin with (`limits/key.py`, `policies/limits/limit_key.py`). What stands in a header or a claim, or
# comes of an expression, may be a secret.
_KINDS = {"p": "principal", "a": "address", "c": "consumer", "g": "groups", "t": "path parameter"}
_MASKED = {"h": "header", "m": "claim", "x": "expression", "k": "several"}


def place_of(loaded: Loaded, path: Sequence[str | int]) -> str:
    """`file:line`."""
    position = loaded.position(path)
    return f"{position.file}:{position.line}"


def step_at(
    loaded: Loaded, phase: str, policy: str, path: Path, outcome: str, notes: Sequence[str] = ()
) -> ExplainedStep:
    """A step whose key has such a path."""
    return ExplainedStep.model_validate(
        {
            "phase": phase,
            "policy": policy,
            "path": path_text(path),
            "at": place_of(loaded, path),
            "outcome": outcome,
            "notes": list(notes),
        }
    )


def rule_of(decision: Decision, exchange: Exchange, loaded: Loaded) -> ExplainedRule:
    """With what it has looked at, masked where that may be secret."""
    return ExplainedRule(
        policy=decision.policy,
        rule=decision.rule,
        path=path_text(decision.path),
        at=place_of(loaded, decision.path),
        allowed=decision.allowed,
        reason=shown_text(decision.reason),
        attributes=attribute_values(decision, exchange),
    )


def limit_of(peeked: PeekedLimit) -> ExplainedLimit:
    """What it would say."""
    decision = peeked.decision
    return ExplainedLimit(
        name=decision.policy,
        key=shown_key(peeked.key),
        quota=decision.quota,
        window=decision.window,
        remaining=max(0, decision.remaining),
        allowed=decision.allowed,
        retry_after=decision.retry_after,
        known=peeked.is_known,
        lent=peeked.lent,
    )


def shown_key(key: str) -> str:
    """Whose bucket it is, for people."""
    kind, separator, rest = key.partition("\0")
    if not separator:
        return "the route" if kind == "r" else MASKED
    if kind in _KINDS:
        return shown_text(f"{_KINDS[kind]} {rest.replace(chr(0), '/')}")
    return f"{_MASKED.get(kind, kind)} {MASKED}"
