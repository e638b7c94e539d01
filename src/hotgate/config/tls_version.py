"""Versions of TLS in the file: text, for without quotes they are numbers to YAML."""

from typing import Annotated, Literal

from hotgate.config.notation import Notation, refused

_VERSIONS = ["1.2", "1.3"]


def _read(value: object) -> str:
    if not isinstance(value, str) or value not in _VERSIONS:
        raise refused("must be '1.2' or '1.3', in quotes")
    return value


TlsVersion = Annotated[Literal["1.2", "1.3"], Notation(_read, {"type": "string", "enum": _VERSIONS})]
