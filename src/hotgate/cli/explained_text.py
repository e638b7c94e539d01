"""An explanation as text: what is decided first, then each step on its way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hotgate.control.api.explain import Explained, ExplainedLimit, ExplainedRule, ExplainedStep

_PHASE, _POLICY = 13, 16  # columns


def text_of(explained: Explained) -> str:
    """Lines for a terminal: nothing in them moves its cursor or writes a line of its own."""
    return "\n".join(_printable(line) for line in _lines(explained))


def _printable(line: str) -> str:
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in line)


def _lines(explained: Explained) -> Iterator[str]:
    host = f" of {explained.host}" if explained.host else ""
    yield f"{explained.method} {explained.path}{host}: {_verdict(explained)}"
    if explained.by is not None:
        yield f"  by {_rule(explained.by)}"
    if explained.reason and (explained.by is None or explained.reason != explained.by.reason):
        yield f"  because {explained.reason}"
    if explained.route:
        yield f"  route {explained.route} ({explained.route_at})"
    elif explained.decision == "deny" and not explained.reason:  # what is refused before it is routed has one
        yield "  no route matches"
    yield from (f"  near: {near}" for near in explained.near)
    if explained.principal is not None:
        facts = (f"{name} {_shown(value)}" for name, value in explained.principal.items() if name != "subject")
        yield f"  caller {explained.principal['subject']}: {', '.join(facts)}"
    for step in explained.steps:
        yield from _step(step)
    if explained.upstream:
        yield f"  {'':{_PHASE}}{'upstream':{_POLICY}}{explained.upstream} would be asked for {explained.upstream_path}"
    if explained.live:
        yield "  So decides the gateway that runs, by the configuration that it has loaded."
    elif explained.upstream or any(step.limits for step in explained.steps):
        yield "  No gateway of this configuration was asked: limits are shown as untouched. Only one that runs knows"
        yield "  how full they are, whether it has too much to do, and which targets are out of service."


def _verdict(explained: Explained) -> str:
    status = "" if explained.status is None else f" with {explained.status}"
    code = f" {explained.code}" if explained.code else ""
    return f"{'allowed' if explained.decision == 'allow' else 'denied'}{status}{code}"


def _rule(rule: ExplainedRule) -> str:
    name = f"{rule.policy} {rule.rule!r}" if rule.rule else rule.policy
    reason = f": {rule.reason}" if rule.reason else ""
    return f"{name} at {rule.at} ({rule.path}){reason}"


def _step(step: ExplainedStep) -> Iterator[str]:
    status = "" if step.status is None else f" {step.status}"
    code = f" {step.code}" if step.code else ""
    reason = f": {step.reason}" if step.reason else ""
    yield f"  {step.phase:{_PHASE}}{step.policy:{_POLICY}}{step.outcome}{status}{code}{reason}  {step.at}"
    if step.rule is not None:
        yield f"  {'':{_PHASE}}{'':{_POLICY}}by {_rule(step.rule)}"
        for name, value in step.rule.attributes.items():
            yield f"  {'':{_PHASE}}{'':{_POLICY}}{name} = {_shown(value)}"
    for limit in step.limits:
        yield f"  {'':{_PHASE}}{'':{_POLICY}}{_limit(limit)}"
    for note in step.notes:
        yield f"  {'':{_PHASE}}{'':{_POLICY}}{note}"


def _limit(limit: ExplainedLimit) -> str:
    left = f"{limit.remaining} would be left" if limit.allowed else f"used up; wait for {limit.retry_after} s"
    lent = f", workers hold {limit.lent}" if limit.lent else ""
    untouched = "" if limit.known else " (nobody could say: shown as untouched)"
    return f"{limit.name}, {limit.quota} in {limit.window} s for {limit.key}: {left}{lent}{untouched}"


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
