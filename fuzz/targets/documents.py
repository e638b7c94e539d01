"""A configuration file: whatever is in it, there is a tree or an error with a place, never another exception."""

import contextlib
from typing import Any

import yaml

from fuzz.readings import Disagreement
from hotgate.config.document import parse
from hotgate.config.errors import ConfigurationErrors
from hotgate.config.position import SourceList, SourceMap
from hotgate.config.variables import Variables

_TEXTS: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def check(data: bytes) -> None:
    """Raises Disagreement."""
    try:
        tree, errors = parse(data, "hotgate.yaml", Variables({}))
    except ConfigurationErrors as refusal:
        if not refusal.errors:
            raise Disagreement("a refusal without a reason") from refusal
        return
    if any(error.line < 1 or error.column < 1 for error in errors):
        raise Disagreement(f"an error without a place: {errors}")
    if errors:
        return
    with contextlib.suppress(yaml.YAMLError):  # PyYAML's composer refuses an anchor that is set again, YAML does not
        _compare(tree, yaml.load(data.removeprefix(b"\xef\xbb\xbf"), _TEXTS), "")


def _compare(ours: Any, theirs: Any, where: str) -> None:
    """The same keys and items in the same places as PyYAML finds; what a text means is our own."""
    if isinstance(ours, SourceMap):
        if not isinstance(theirs, dict) or list(ours) != list(theirs):
            raise Disagreement(f"other keys in {where}: {list(ours)} and {theirs!r}")
        for key, value in ours.items():
            _compare(value, theirs[key], f"{where}.{key}")
    elif isinstance(ours, SourceList):
        if not isinstance(theirs, list) or len(ours) != len(theirs):
            raise Disagreement(f"other items in {where}: {ours!r} and {theirs!r}")
        for mine, other in zip(ours, theirs, strict=True):
            _compare(mine, other, where)
    elif not isinstance(theirs, str):
        raise Disagreement(f"another kind of value in {where}: {ours!r} and {theirs!r}")
