"""What compiling finds wrong with a configuration: all of it is collected, and said at once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hotgate.pipeline.decision import Path


@dataclass(frozen=True, slots=True)
class Problem:
    """A mistake that only compiling finds. path: the key, such as ("routes", 0, "match")."""

    path: Path
    message: str


class CompileProblems(ValueError):
    """Everything that is wrong. The text is one line per problem."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(f"{'.'.join(map(str, each.path))}: {each.message}" for each in problems))


class Problems(list[Problem]):
    """Those found so far."""

    def report(self, path: Path, message: str) -> None:
        """One more."""
        self.append(Problem(path, message))

    def attempt(self, path: Path, action: Callable[[], Any]) -> Any:
        """The result of `action`, or None and a problem."""
        try:
            return action()
        except ValueError as error:
            self.report(path, str(error))
            return None
