"""`hotgate test`: a table of requests and callers, and what the configuration must decide about each."""

from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from hotgate.config.document import MAX_FILE_SIZE
from hotgate.config.errors import ConfigurationError, ConfigurationErrors
from hotgate.config.notation import refused
from hotgate.config.position import Path as ConfigPath
from hotgate.config.references import Finding
from hotgate.config.settings import Name, Settings
from hotgate.control.api.explain import Explained, GivenPrincipal, Question
from hotgate.runtime.explaining.described_file import DescribedFile, unknown_provider
from hotgate.runtime.explaining.explainer import Explainer

MAX_TESTS = 10_000


def _request_of(value: object) -> object:
    """`GET /orders/7` stands for a mapping."""
    if not isinstance(value, str):
        return value
    method, space, target = value.strip().partition(" ")
    return {"method": method, "target": target.strip()} if space else {"target": method}


def _expectation_of(value: object) -> object:
    """`allow` stands for a mapping."""
    return {"decision": value} if isinstance(value, str) else value


class Expectation(Settings):
    """What must come of a request; what is not said may be anything."""

    decision: Literal["allow", "deny"]
    status: int | None = Field(default=None, description="Of the gateway's own answer.")
    code: str | None = Field(default=None, description="The problem code of the gateway's own answer.")
    policy: str | None = Field(default=None, description="The key whose rule decides, as `authorize`.")
    rule: str | None = Field(default=None, description="The name of the rule that decides.")
    route: str | None = Field(default=None, description="The route that is taken.")
    upstream: str | None = Field(default=None, description="Who would be asked.")
    upstream_path: str | None = Field(default=None, description="The path that it would be asked for.")

    def differences(self, explained: Explained) -> list[str]:
        """What is otherwise than expected, in words."""
        by = explained.by
        found: Mapping[str, Any] = {
            **explained.model_dump(include={"decision", "status", "code", "route", "upstream", "upstream_path"}),
            "policy": "" if by is None else by.policy,
            "rule": "" if by is None else by.rule,
        }
        wanted = {name: value for name in type(self).model_fields if (value := getattr(self, name)) is not None}
        return [
            f"{name} {wanted[name]} was expected, and it is {found[name] if found[name] not in ('', None) else 'none'}"
            for name in wanted
            if wanted[name] != found[name]
        ]


class DecisionTest(Settings):
    """One request. as: who calls: a name of `principals`, or a caller."""

    request: Annotated[Question, BeforeValidator(_request_of)]
    expect: Annotated[Expectation, BeforeValidator(_expectation_of)]
    name: str = Field(default="", max_length=256)
    as_: Name | GivenPrincipal | None = Field(default=None, alias="as")
    token: str | None = Field(default=None, max_length=65536, description="A bearer token, instead of a caller.")

    @model_validator(mode="after")
    def _has_one_caller(self) -> "DecisionTest":
        if self.as_ is not None and self.token is not None:
            raise refused("who calls is said by `as` or by `token`, not by both")
        return self


class DecisionTable(Settings):
    """The file."""

    principals: dict[Name, GivenPrincipal] = Field(default={}, max_length=10_000)
    tests: tuple[DecisionTest, ...] = Field(min_length=1, max_length=MAX_TESTS)


@dataclass(frozen=True, slots=True)
class Verdict:
    """at: `file:line` of the expectation. differences: empty if it came as expected."""

    name: str
    at: str
    differences: list[str]
    explained: Explained


class LoadedTable:
    """A table and where each part of it is written."""

    def __init__(self, file: Path, environment: Mapping[str, str], identities: Collection[str]) -> None:
        """environment: for `${NAME}`, so that no token need stand in the file. identities: the entries of `identity`.

        Raises ConfigurationErrors.
        """
        try:
            with file.open("rb") as opened:
                content = opened.read(MAX_FILE_SIZE + 1)
        except OSError as error:
            reason = f"cannot be read: {error.strerror}"
            raise ConfigurationErrors([ConfigurationError(str(file), 0, 0, "", reason)]) from None
        self._file = DescribedFile(content, str(file), DecisionTable, environment)
        self._table = self._file.value
        if wrong := [*self._wrong_callers(identities)]:
            raise ConfigurationErrors(map(self._file.error, wrong))
        self._questions = [self._question(test) for test in self._table.tests]

    def __len__(self) -> int:
        return len(self._table.tests)

    async def results(self, explainer: Explainer) -> AsyncIterator[Verdict]:
        """One after another, in the order of the file. Raises ValueError for what is no request."""
        for index, (test, question) in enumerate(zip(self._table.tests, self._questions, strict=True)):
            explained = await explainer.explain(question)
            name = test.name or f"{question.method} {question.target.partition('?')[0]}"
            yield Verdict(name, self._at(("tests", index, "expect")), test.expect.differences(explained), explained)

    def _wrong_callers(self, identities: Collection[str]) -> Iterator[Finding]:
        """Those whom nobody has described, and those whom no entry would recognise."""
        principals = self._table.principals
        described: list[tuple[ConfigPath, GivenPrincipal]] = [
            (("principals", name), given) for name, given in principals.items()
        ]
        for index, test in enumerate(self._table.tests):
            path: ConfigPath = ("tests", index, "as")
            if isinstance(test.as_, GivenPrincipal):
                described.append((path, test.as_))
            elif test.as_ is not None and test.as_ not in principals:
                yield Finding(path, f"there is no {test.as_!r} under principals")
        for path, given in described:
            if wrong := unknown_provider(path, given, identities):
                yield wrong

    def _question(self, test: DecisionTest) -> Question:
        caller = self._table.principals[test.as_] if isinstance(test.as_, str) else test.as_
        question = test.request
        if caller is not None:
            question = question.model_copy(update={"principal": caller})
        if test.token is not None:
            headers = {**question.headers, "authorization": f"Bearer {test.token}"}
            question = Question.model_validate({**question.model_dump(exclude_unset=True), "headers": headers})
        return question

    def _at(self, path: ConfigPath) -> str:
        position = self._file.position(path, key=True)
        return f"{position.file}:{position.line}"
