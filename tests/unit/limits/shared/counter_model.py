"""What the script of the counter store does, in Python: for schedules that no server can be made to go through, and to
compare the script with.
"""

import json
import math
from dataclasses import dataclass, field
from typing import Any

FRACTION = 50
PARTS = 100
ROUNDING = 1e-6
STEP_BACK = 1.0

Row = tuple[int, int, int, float]


@dataclass
class Bucket:
    kind: str
    capacity: float
    a: float
    spent: float = 0
    at: float = 0
    owed: float = 0
    parts: dict[int, float] = field(default_factory=dict)
    leases: dict[str, tuple[int, float]] = field(default_factory=dict)


@dataclass
class Hash:
    """One partition, as a server remembers it."""

    run: str
    epoch: str
    clock: float
    now: float
    opens: float
    is_blank: bool
    flow: float = 0.0
    owed: tuple[float, float] = (0.0, 0.0)
    nodes: dict[str, tuple[float, float]] = field(default_factory=dict)
    heard: dict[str, int] = field(default_factory=dict)
    buckets: dict[str, Bucket] = field(default_factory=dict)


class Call:
    """One run of the script; `hash` is what it leaves behind."""

    def __init__(self, kept: Hash | None, run: str, clock: float, head: dict[str, Any]) -> None:
        is_leap = kept is not None and head["leapt"] and head["epoch"] == kept.epoch
        if kept is None or kept.run != run or clock < kept.clock - STEP_BACK or is_leap:
            opens = clock + (0 if head["trusted"] else head["opening"])
            kept = Hash(run, f"{run}:{clock:.6f}", clock, clock, opens, not head["trusted"])
        self.hash = kept
        self.head = head
        self.clock = clock
        self._pass_time()

    def run(self, asks: list[dict[str, Any]]) -> list[Row] | None:
        """A row for each ask; None for a call that comes too late."""
        head, kept = self.head, self.hash
        if head["seq"] <= kept.heard.get(head["node"], -1):
            return None
        kept.heard[head["node"]] = head["seq"]
        self._look_around()
        before = self.speed
        vouched = head["vouched"] if head["epoch"] == kept.epoch else 0
        kept.nodes[head["place"]] = (vouched, head["weight"])
        self._look_around()
        if self.speed > before:
            kept.owed = (kept.owed[0] + (1 - before) / 2, kept.flow)
        return [self._serve(ask) for ask in asks]

    def _look_around(self) -> None:
        there = [weight for until, weight in self.hash.nodes.values() if until > self.hash.now]
        self._present = max(1, len(there))
        self.speed = min(1.0, sum(there)) if self.head["nodes"] else 1.0

    def _is_shared_out(self, bucket: Bucket) -> bool:
        nodes = self.head["nodes"]
        return bucket.kind == "bucket" and bool(nodes) and bucket.capacity >= 2 * nodes

    def _pass_time(self) -> None:
        kept, head = self.hash, self.head
        now = max(kept.now, min(self.clock, head["latest"]) if head["epoch"] == kept.epoch else self.clock)
        start = max(kept.now, kept.opens)
        if head["nodes"]:
            kept.flow += sum(max(0.0, min(until, now) - start) * weight for until, weight in kept.nodes.values())
        else:
            kept.flow += max(0.0, now - start)
        kept.now, kept.clock = now, max(kept.clock, self.clock)

    def _serve(self, ask: dict[str, Any]) -> Row:
        name = ask["scope"] + ask["key"]
        bucket = self.hash.buckets.get(name)
        if bucket is None:
            if ask["need"] + ask["want"] + ask["debt"] == 0:
                return (0, 0, 0, 0)
            bucket = self._unknown(ask)
        self._redefine(bucket, ask)
        held = self._settle(bucket, ask)
        self._update(bucket)
        granted, remaining, retry = self._lend(bucket, ask, held)
        if bucket.spent > 0 or bucket.leases:
            self.hash.buckets[name] = bucket
        else:
            self.hash.buckets.pop(name, None)
        return (held, granted, remaining, retry)

    def _unknown(self, ask: dict[str, Any]) -> Bucket:
        kept = self.hash
        bucket = Bucket(ask["kind"], ask["capacity"], ask["a"])
        if kept.is_blank:
            bucket.spent = ask["capacity"]
            bucket.parts = {math.floor(kept.opens * PARTS / ask["a"]): ask["capacity"]}
        return bucket

    def _redefine(self, bucket: Bucket, ask: dict[str, Any]) -> None:
        if bucket.kind == ask["kind"] == "bucket":
            bucket.a = min(bucket.a, ask["a"])
        self._update(bucket)
        if not (bucket.kind == ask["kind"] == "window" and bucket.a == ask["a"]):
            bucket.spent *= ask["capacity"] / bucket.capacity
            bucket.parts, bucket.at = {}, self.hash.flow
        bucket.kind, bucket.capacity, bucket.a = ask["kind"], ask["capacity"], ask["a"]

    def _update(self, bucket: Bucket) -> None:
        if bucket.kind == "bucket":
            total, returned_at = self.hash.owed
            owed = min(0.5, total - bucket.owed)
            if owed > 0 and self._is_shared_out(bucket):
                at = max(bucket.at, returned_at)
                bucket.spent = max(0, bucket.spent - bucket.a * (at - bucket.at)) + owed * bucket.capacity
                bucket.at = at
            bucket.spent = max(0, bucket.spent - bucket.a * (self.hash.flow - bucket.at))
            bucket.at, bucket.owed = self.hash.flow, total
        else:
            self._slide(bucket)
        for node, (tokens, end) in list(bucket.leases.items()):
            if end <= self.hash.now:
                bucket.spent += tokens
                del bucket.leases[node]

    def _slide(self, bucket: Bucket) -> None:
        part = math.floor(self.hash.now * PARTS / bucket.a)
        added = bucket.spent - sum(bucket.parts.values())
        if added > 0:
            bucket.parts[part] = bucket.parts.get(part, 0) + added
        bucket.parts = {each: used for each, used in bucket.parts.items() if used > 0 and each >= part - PARTS}
        bucket.spent = sum(bucket.parts.values())

    def _settle(self, bucket: Bucket, ask: dict[str, Any]) -> int:
        if ask["reset"]:
            bucket.spent, bucket.parts = 0, {}
        node = self.head["node"]
        lease, _ = bucket.leases.pop(node, (0, 0.0))
        held = int(min(ask["held"], lease))
        returned = min(ask["returned"], lease - held)
        bucket.spent += lease - held - returned
        if bucket.kind == "bucket":
            bucket.spent = max(0, bucket.spent - ask["refunded"])
        else:
            self._put_back(bucket, ask["refunded"], ask["spent"])
        bucket.spent += ask["debt"]
        if held:
            bucket.leases[node] = (held, self.hash.now + self.head["lease"])
        return held

    def _put_back(self, bucket: Bucket, tokens: float, spent: float) -> None:
        since, now = (math.floor(time * PARTS / bucket.a) for time in (spent, self.hash.now))
        if self.head["epoch"] != self.hash.epoch or spent < self.hash.opens or since < now - PARTS:
            return
        self._slide(bucket)
        for part in sorted(each for each in bucket.parts if each >= since):
            taken = min(bucket.parts[part], tokens)
            bucket.parts[part] -= taken
            bucket.spent -= taken
            tokens -= taken

    def _lend(self, bucket: Bucket, ask: dict[str, Any], held: int) -> tuple[int, int, float]:
        reserve, most_lent = self._bounds(bucket)
        left = bucket.capacity - bucket.spent - reserve
        lent = sum(tokens for tokens, _ in bucket.leases.values())
        room = math.floor(min(left, most_lent) - lent + ROUNDING)
        spare = math.floor(max(0, left - lent) / (FRACTION * self._present))
        granted = max(0, min(room, max(ask["need"], min(ask["want"], spare))))
        if granted < ask["least"]:
            granted = 0
        if granted:
            bucket.leases[self.head["node"]] = (held + granted, self.hash.now + self.head["lease"])
        retry = 0.0
        if granted == 0 and ask["need"] > 0:
            has_lent = left >= ask["least"]
            retry = self._wait(bucket, ask["least"] - left + lent * has_lent, has_lent=has_lent)
        return granted, math.floor(left - lent - granted + ROUNDING), retry

    def _bounds(self, bucket: Bucket) -> tuple[float, float]:
        if not self._is_shared_out(bucket):
            return 0, bucket.capacity
        return (1 - self.speed) * bucket.capacity / 2, bucket.capacity // 2

    def _wait(self, bucket: Bucket, missing: float, *, has_lent: bool) -> float:
        if missing <= 0 or (has_lent and bucket.kind == "bucket"):
            return 1.0
        if bucket.kind == "window":
            for part in sorted(bucket.parts):
                missing -= bucket.parts[part]
                if missing <= 0:
                    seconds = max(0.0, (part + PARTS + 1) * bucket.a / PARTS - self.hash.now)
                    return min(1.0, seconds) if has_lent else seconds
            return 1.0
        if self.speed <= 0:
            return 3600.0
        return max(0.0, self.hash.opens - self.hash.now) + missing / (bucket.a * self.speed)


class ModelServer:
    """A server whose clock and whose memory can be played with. run: its name, another one after each start."""

    def __init__(self, run: str) -> None:
        self.run = run
        self.kept: Hash | None = None

    def evaluate(self, clock: float, head: str, asks: str) -> list[bytes]:
        """As the script answers."""
        call = Call(self.kept, self.run, clock, json.loads(head))
        self.kept = call.hash
        rows = call.run(json.loads(asks))
        texts = ["stale" if rows is None else "ok", call.hash.epoch, repr(call.hash.now), repr(clock)]
        texts.append(repr(call.speed) if rows is not None else "0")
        texts += [repr(figure) for row in rows or () for figure in row]
        return [text.encode() for text in texts]
