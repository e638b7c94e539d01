"""Which keys a mapping of the file may have, for the hint on a misspelt one."""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel

from hotgate.config.position import Path

Schema = dict[str, Any]


class KnownKeys:
    """Looks keys up in the JSON Schema of a model; the schema is made when the first error asks for it."""

    def __init__(self, model: type[BaseModel]) -> None:
        self._model = model
        self._schema: Schema | None = None

    def suggestion(self, path: Path) -> str:
        """The hint for the unknown key at the end of `path`; says which keys there are when none is close."""
        known = sorted(self._at(path[:-1]))
        if path[-1] in known:
            return "it does not go together with the other keys here"
        close = get_close_matches(str(path[-1])[:100], known, 1)
        if close:
            return f"did you mean '{close[0]}'?"
        return f"known keys: {', '.join(known)}" if known else ""

    def _at(self, path: Path) -> set[str]:
        if self._schema is None:
            self._schema = self._model.model_json_schema()
        branches = list(_branches(self._schema, self._schema))
        for part in path:
            branches = [inner for branch in branches for inner in self._inner(branch, part)]
        return {key for branch in branches for key in branch.get("properties", {})}

    def _inner(self, branch: Schema, part: str | int) -> Iterator[Schema]:
        if isinstance(part, int):
            inner = branch.get("items")
        else:
            # Where names have a form, their values are under `patternProperties`.
            named = next(iter(branch.get("patternProperties", {}).values()), branch.get("additionalProperties"))
            inner = branch.get("properties", {}).get(part, named)
        return _branches(inner, self._schema or {}) if isinstance(inner, dict) else iter(())


def _branches(schema: Schema, root: Schema) -> Iterator[Schema]:
    """The schema with its references followed, and the members of a union one by one."""
    if "$ref" in schema:
        yield from _branches(root["$defs"][schema["$ref"].rpartition("/")[2]], root)
    elif "anyOf" in schema or "oneOf" in schema:
        for member in [*schema.get("anyOf", ()), *schema.get("oneOf", ())]:
            yield from _branches(member, root)
    else:
        yield schema
