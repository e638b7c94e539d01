"""The tree against the models: pydantic's errors, each at the place where the value was written."""

from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from hotgate.config.known_keys import KnownKeys
from hotgate.config.messages import message_of
from hotgate.config.notation import REFUSED
from hotgate.config.position import Path, SourceMap, value_at, variables_within, written_path
from hotgate.config.references import Finding
from hotgate.config.secret import SecretFiles

M = TypeVar("M", bound=BaseModel)


def validate(tree: SourceMap, model: type[M], secret_files: SecretFiles) -> M | list[Finding]:
    """The model, or what is wrong."""
    try:
        return model.model_validate(tree, context=secret_files)
    except ValidationError as error:
        # include_input=False: the details of an error must not carry values, which may be secrets.
        return list(_findings(error.errors(include_url=False, include_input=False), tree, KnownKeys(model)))


def _findings(details: list[Any], tree: SourceMap, known: KnownKeys) -> Iterator[Finding]:
    everything = ((written_path(tree, detail["loc"]), detail) for detail in details)
    located = [(path, detail) for path, detail in everything if not _is_noise(tree, path, detail)]
    wanted = {path for path, detail in located if not _is_of_other_member(path, detail)}
    deeper = {path[:end] for path in wanted for end in range(len(path))}
    read = {path for path, detail in located if detail["type"] == REFUSED and isinstance(value_at(tree, path), str)}
    refusals: dict[Path, list[Finding]] = {}
    for path, detail in located:
        is_told_better = path in deeper or (path in read and detail["type"] != "literal_error")
        if not is_told_better or not _is_of_other_member(path, detail):
            refusals.setdefault(path, []).append(_finding(path, detail, tree, known))
    for findings in refusals.values():
        yield from _joined(findings)


def _joined(findings: list[Finding]) -> list[Finding]:
    """What the members of a union say about one value, in one sentence."""
    members = [finding for finding in findings if finding.is_member]
    if len(members) < 2:
        return findings
    message = ", or ".join(dict.fromkeys(finding.message for finding in members))
    return [finding for finding in findings if not finding.is_member] + [Finding(members[0].path, message)]


def _is_miscounted(tree: SourceMap, path: Path, detail: Any) -> bool:
    """Pydantic leaves the items that failed out when it counts; they have errors of their own."""
    return detail["type"] == "too_short" and bool(len(value_at(tree, path)) >= detail["ctx"]["min_length"])


def _is_noise(tree: SourceMap, path: Path, detail: Any) -> bool:
    return _is_miscounted(tree, path, detail) or _is_word_for_mapping(tree, path, detail)


def _is_word_for_mapping(tree: SourceMap, path: Path, detail: Any) -> bool:
    """Whoever wrote a mapping did not mean the union's words; its other member says what is wrong."""
    is_member = path[-1:] != detail["loc"][-1:]
    return is_member and detail["type"] == "literal_error" and isinstance(value_at(tree, path), SourceMap)


def _is_of_other_member(path: Path, detail: Any) -> bool:
    """Whether a union's member refused the kind of the value. Not worth saying when another member went deeper, or
    took text and has refused what it says: a list does not help where a file is missing. Words may.
    """
    is_of_kind = detail["type"] == "literal_error" or str(detail["type"]).endswith("_type")
    return path[-1:] != detail["loc"][-1:] and is_of_kind


def _finding(path: Path, detail: Any, tree: SourceMap, known: KnownKeys) -> Finding:
    if detail["type"] == "extra_forbidden":
        return Finding(path, f"unknown key '{str(path[-1])[:100]}'", known.suggestion(path), is_key=True)
    is_key = detail["loc"][-1:] == ("[key]",)
    is_member = path[-1:] != detail["loc"][-1:] and detail["type"] != "missing" and not is_key
    message = message_of(detail, variables_within(tree, path))
    hint = "quote it" if detail["type"] == "literal_error" and _is_number(tree, path) else ""
    return Finding(path, message, hint, is_key=is_key, is_member=is_member)


def _is_number(tree: SourceMap, path: Path) -> bool:
    """Whether text is wanted that reads as a number in YAML, such as a version."""
    value = value_at(tree, path)
    return isinstance(value, int | float) and not isinstance(value, bool)
