"""Networks, patterns, times and time zones that are written out and wrong: they would fail at every request.

Time zones must be written out: the library opens the file of that name, any file, and keeps each name for ever.
"""

from collections.abc import Iterator
from functools import lru_cache

from hotgate.policies.conditions.cel_environment import environment, is_error
from hotgate.policies.conditions.checked_expression import Node

_ZONE = "time zone"

# What a function's last argument must be, and an expression that fails if it is not.
_PROBES = {
    "inNetwork": ("network", '"192.0.2.1".inNetwork(given)'),
    "matches": ("regular expression (RE2)", '"".matches(given)'),
    "timestamp": ("time (RFC 3339)", "timestamp(given)"),
    "duration": ("duration", "duration(given)"),
    **{
        name: (_ZONE, f'timestamp("2026-01-01T00:00:00Z").{name}(given)')
        for name in (
            "getDate",
            "getDayOfMonth",
            "getDayOfWeek",
            "getDayOfYear",
            "getFullYear",
            "getHours",
            "getMilliseconds",
            "getMinutes",
            "getMonth",
            "getSeconds",
        )
    },
}
_GIVEN = (("given", "string"),)


def wrong_constants(tree: Node) -> Iterator[tuple[int, str]]:
    """Where such a text stands, as an offset, and what is wrong with it."""
    for node in tree.everything():
        if node.kind == "call" and node.text in _PROBES and node.children:
            what, probe = _PROBES[node.text]
            last = node.children[-1]
            if last.kind == "constant" and last.type == "string" and _fails(probe, last.text):
                yield last.offset, f"this is no {what}"
            elif what == _ZONE and len(node.children) > 1 and last.kind != "constant":
                yield last.offset, f"a {what} must be written out"


@lru_cache(maxsize=1024)
def _fails(probe: str, given: str) -> bool:
    try:
        return is_error(environment(_GIVEN).compile(probe).eval(data={"given": given}))
    except (RuntimeError, ValueError):
        return True
