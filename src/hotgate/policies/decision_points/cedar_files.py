"""Policies, schema and entities of one Cedar entry: parsed and validated once, when the configuration is compiled."""

import json
from typing import Any

from hotgate.config.decision_points import cedar as settings_of
from hotgate.pipeline.policy import WrongSetting, WrongSettings

MOST_POLICIES = 1_000
MOST_ENTITIES = 10_000
_MOST_PROBLEMS = 20  # that are told of one file


class CedarFiles:
    """entities: those of the file. Raises WrongSettings, with paths below `cedar`."""

    def __init__(self, settings: settings_of.Cedar) -> None:
        self._cedar = _library()
        self._schema = self._parsed(("schema",), self._cedar.Schema.from_str, settings.schema_.reveal())
        texts = [file.reveal() for file in settings.policies]
        for index, text in enumerate(texts):
            self._validate(index, text)
        self._policies = self._cedar.PolicySet.from_str("\n".join(texts))
        self.entities = self._entities(settings.entities)
        if len(self._policies) > MOST_POLICIES:
            raise _wrong(
                ("policies",), f"there are {len(self._policies):,} policies, and at most {MOST_POLICIES:,} may be"
            )

    def decided(self, request: dict[str, Any], entities: list[dict[str, Any]]) -> Any:
        """The library's result. entities: those of this request alone. Raises ValueError for what does not fit."""
        known = self.entities
        if entities:
            known = known.with_added_json_str(json.dumps(entities), self._schema)
        return self._cedar.is_authorized(request, self._policies, known, self._schema)

    def _validate(self, index: int, text: str) -> None:
        """A policy that does not fit the schema never applies, or always: neither is what its author meant."""
        path = ("policies", index)
        self._parsed(path, self._cedar.PolicySet.from_str, text)
        found = self._cedar.validate_policies(text, self._schema, release_gil=True)
        if not found.validation_passed:
            problems = [str(error) for error in found.errors[:_MOST_PROBLEMS]] or ["it does not fit the schema"]
            raise WrongSettings([WrongSetting(path, problem) for problem in problems])

    def _entities(self, file: settings_of.CedarFile | None) -> Any:
        text = "[]" if file is None else file.reveal()
        parse = self._cedar.Entities.from_json_str
        entities = self._parsed(("entities",), lambda given: parse(given, self._schema, release_gil=True), text)
        if len(entities) > MOST_ENTITIES:
            raise _wrong(("entities",), f"there are {len(entities):,} entities, and at most {MOST_ENTITIES:,} may be")
        return entities

    def _parsed(self, path: tuple[str | int, ...], parse: Any, text: str) -> Any:
        try:
            return parse(text)
        except ValueError as error:
            raise _wrong(path, f"cannot be used: {error}"[:300]) from None


def _wrong(path: tuple[str | int, ...], message: str) -> WrongSettings:
    return WrongSettings([WrongSetting(path, message)])


def _library() -> Any:
    """Imported with the first such entry: workers without any do without its 5 MiB."""
    try:
        import cedarpy  # noqa: PLC0415
    except ImportError:
        raise _wrong((), "Cedar needs a library: pip install 'hotgate[cedar]'") from None
    return cedarpy
