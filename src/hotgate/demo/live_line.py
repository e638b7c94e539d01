"""One line on the terminal for each request, made from its record in the access log."""

from collections.abc import Mapping
from typing import Any

from rich.text import Text

_STYLES = {2: "green", 3: "cyan", 4: "yellow", 5: "red"}


def live_line(record: Mapping[str, Any]) -> Text:
    """Method, path, status, who (or why not), and the time it took."""
    status = int(record["status"])
    who = record.get("subject", "-")
    via = f" by {record['provider']}" if "provider" in record else ""
    code = f"  {record['code']}" if "code" in record else ""
    return Text.assemble(
        (_clock(record["time"]), "dim"),
        f"  {record['method']:<4} {_printable(record['path']):<20} ",
        (str(status), _STYLES.get(status // 100, "")),
        f"  {_printable(who)}{via}{code}  ",
        (f"{record['duration_ms']:.1f} ms", "dim"),
    )


def _clock(time: str) -> str:
    """The time of day in an RFC 3339 timestamp."""
    return time[11:19]


def _printable(text: str) -> str:
    """Nothing that a client chose may move the cursor."""
    return "".join(character if character.isprintable() else "?" for character in text)
