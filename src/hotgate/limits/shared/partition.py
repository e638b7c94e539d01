"""A node's side of one partition of the counters: writes its calls, one after the other, and reads the answers."""

import json
import math
from collections.abc import Callable, Sequence
from typing import Any

from hotgate.limits.shared.ask import Ask, Supply
from hotgate.limits.shared.store_clock import StoreClock
from hotgate.limits.shared.terms import DRIFT, LEASE, PARTITIONS, SILENCE, SWEPT, Terms

_HEAD = 5  # members of an answer before those of each ask
_FIGURES = 4


class Partition:
    """node: the name of this process, which no other one ever had. weight: the part of every rate that is not served
    without the store at the moment.
    """

    def __init__(self, node: str, terms: Terms, weight: Callable[[], float]) -> None:
        self._node = node
        self._terms = terms
        self._weight = weight
        self._sequence = 0
        self._clock = StoreClock()
        self.leaves = False

    @property
    def epoch(self) -> str:
        """What the store's memory is called; another name says that it began anew."""
        return self._clock.epoch

    def call(self, asks: Sequence[Ask], now: float, *, sweep: bool = False) -> tuple[str, str]:
        """The two arguments of the script. now: monotonic seconds, before they leave."""
        self._sequence += 1
        head = {
            "node": self._node,
            "place": self._terms.place,
            "seq": self._sequence,
            "epoch": self._clock.epoch,
            "latest": self._clock.latest(now),
            "leapt": self._clock.has_leapt,
            "vouched": self._vouched(),
            "weight": self._weight(),
            "nodes": self._terms.nodes,
            "lease": LEASE * DRIFT,
            "opening": self._terms.opening,
            "most": self._terms.most_keys // PARTITIONS,
            "trusted": self._terms.trusted,
            "sweep": SWEPT if sweep else 0,
        }
        return json.dumps(head), json.dumps([ask.message(self._clock.at(ask.spent_at)) for ask in asks])

    def _vouched(self) -> float:
        """Until when, in the store's time, this node serves nothing by itself. Who leaves will never."""
        return 1e15 if self.leaves else self._clock.earliest + SILENCE if self._clock.epoch else 0.0

    def answered(self, answer: Any, asks: Sequence[Ask], sent: float, now: float) -> list[Supply]:
        """One for each ask. sent: monotonic seconds, before the call left. Raises ValueError for nonsense."""
        texts = [part.decode("ascii") for part in answer]
        if texts[0] != "ok" or len(texts) != _HEAD + _FIGURES * len(asks):
            raise ValueError("the store took a call for an old one, or answered another one")
        time, clock, _, *rows = (_finite(text) for text in texts[2:])
        self._clock.answered(texts[1], time, clock, sent, now)
        return [_supply(ask, rows[_FIGURES * index :][:_FIGURES]) for index, ask in enumerate(asks)]


def _supply(ask: Ask, figures: Sequence[float]) -> Supply:
    held, granted, remaining = (int(figure) for figure in figures[:3])
    if not (0 <= held <= ask.held and 0 <= granted <= max(ask.need, ask.want) and figures[3] >= 0):
        raise ValueError("the store says that it has lent what was not asked for")
    return Supply(held, granted, remaining, figures[3])


def _finite(text: str) -> float:
    figure = float(text)
    if not math.isfinite(figure):
        raise ValueError("the store answered what is no number")
    return figure
