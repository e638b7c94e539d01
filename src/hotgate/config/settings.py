"""What every model of the configuration is built from: the base class and the small types that many fields share."""

import re
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from hotgate.config.notation import Notation, refused


class Settings(BaseModel):
    """A frozen part of the configuration. An unknown key is an error; no error shows a value."""

    # Built when first used: parts of a larger model are built with it alone, not once more by themselves.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)


class Form(Notation):
    """Metadata for a str field: text that matches `pattern` as a whole. says: what to write instead."""

    def __init__(self, pattern: str, says: str) -> None:
        super().__init__(self._read, {"type": "string", "pattern": f"^{pattern}$"})
        self._pattern = re.compile(pattern)
        self._says = says

    def _read(self, value: object) -> str:
        if not isinstance(value, str):
            raise refused(f"must be text; {self._says}")
        if not self._pattern.fullmatch(value):
            raise refused(self._says)
        return value


class WholeNumber(Notation):
    """Metadata for an int field from `low` to `high`. Digits in text are a number too: `${ENV}` always gives text."""

    def __init__(self, low: int, high: int) -> None:
        super().__init__(self._read, {"type": "integer", "minimum": low, "maximum": high})
        self._low, self._high = low, high

    def _read(self, value: object) -> int:
        if isinstance(value, str) and re.fullmatch("-?[0-9]{1,18}", value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not self._low <= value <= self._high:
            raise refused(f"must be a whole number from {self._low} to {self._high}")
        return value


def _read_flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return value == "true"
    raise refused("write true or false")


Flag = Annotated[bool, Notation(_read_flag, {"type": "boolean"})]

_NAME = Form(r"[A-Za-z0-9_.-]{1,64}", "use letters, digits, '_', '.' and '-', at most 64")
Name = Annotated[str, _NAME]

_FIELD_NAME = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}"  # RFC 9110 §5.6.2
HeaderName = Annotated[str, Form(_FIELD_NAME, "use a header name: letters, digits and '-' (RFC 9110, section 5.6.2)")]

_VALUE = r"[\t\x20-\x7e\x80-\xff]{0,4096}"  # RFC 9110 §5.5: a control character would end the field
HeaderValue = Annotated[str, Form(_VALUE, "use text without control characters, at most 4,096; quote a number")]

_REALM = Form(
    r"[ !#-\[\]-~]{1,128}", "use printable ASCII without quotes and backslashes"
)  # RFC 9110 §11.5, as it stands
Realm = Annotated[
    Annotated[str, _REALM] | None,
    Field(description="The realm in WWW-Authenticate. Default: the entry's name."),
]


def given(settings: BaseModel, names: tuple[str, ...]) -> list[Any]:
    """Those of the named keys that have a value."""
    return [name for name in names if getattr(settings, name) is not None]
