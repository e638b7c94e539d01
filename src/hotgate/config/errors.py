"""What is wrong with a configuration, and where."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ConfigurationError:
    """One mistake. line, column: 1-based, 0 for the file as a whole. path: the key, as `routes[0].match.path`.

    Neither `message` nor `hint` ever holds a value that came from the environment or from a secret file.
    """

    file: str
    line: int
    column: int
    path: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        what = f"{self.message}; {self.hint}" if self.hint else self.message
        return f"{where}: {self.path}: {what}" if self.path else f"{where}: {what}"


class ConfigurationErrors(ValueError):
    """A configuration that cannot be used. errors: every mistake found, in the order of the files' lines.

    files: what was read until then, as far as it is known; a change of any may mend the configuration.
    """

    def __init__(self, errors: Iterable[ConfigurationError], files: Iterable[Path] = ()) -> None:
        unique = {(error.file, error.line, error.column, error.message): error for error in reversed(list(errors))}
        self.errors = sorted(unique.values(), key=lambda error: (error.file, error.line, error.column, error.path))
        self.files = tuple(files)
        super().__init__("\n".join(str(error) for error in self.errors))
