"""What the decision log says: the facts that a worker has noted of a request, and the line that they become."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from hotgate.observe.access_record import MAX_LINE_BYTES
from hotgate.observe.redaction import without_credentials

DecisionRecord = tuple[float, Mapping[str, Any]]
"""started: monotonic seconds. facts: JSON types, texts bounded by who has noted them."""

# What goes first from a line that is too long, for a log that is a pipe must not be torn: what can be found elsewhere.
_LOSSES = ("attributes", "scopes", "groups", "roles", "log_detail", "reason", "path", "rule_path")


def decision_lines(records: Sequence[DecisionRecord], wall_offset: float) -> bytes:
    """The records as lines of JSON in ASCII. wall_offset: turns monotonic seconds into seconds since 1970.

    ASCII JSON cannot hold a line end, so nothing that a client sends can start a line of its own.
    """
    return b"".join(_line(started + wall_offset, facts) for started, facts in records)


def _line(moment: float, facts: Mapping[str, Any]) -> bytes:
    time = datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    told = {"time": time, **facts}
    line = _encoded(told)
    for name in _LOSSES:
        if len(line) <= MAX_LINE_BYTES:
            break
        told.pop(name, None)
        told["cut"] = True
        line = _encoded(told)
    return line


def _encoded(facts: Mapping[str, Any]) -> bytes:
    text = json.dumps(facts, separators=(",", ":"), allow_nan=False)
    return without_credentials(text).encode("ascii") + b"\n"
