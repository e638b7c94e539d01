"""Moments as text: RFC 3339, always with a zone, for "noon" without one is somebody else's noon."""

import re
from datetime import datetime
from typing import Annotated

from hotgate.config.notation import Notation, refused

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)  # §5.6


def parse_timestamp(value: object) -> datetime:
    """The moment of "2027-01-31T00:00:00Z". Raises PydanticCustomError."""
    says = "write a time with its zone, as 2027-01-31T00:00:00Z"
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
        raise refused(says)
    try:
        return datetime.fromisoformat(value.upper())
    except ValueError:
        raise refused(says) from None


Timestamp = Annotated[datetime, Notation(parse_timestamp, {"type": "string", "format": "date-time"})]
