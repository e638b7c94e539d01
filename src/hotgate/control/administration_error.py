"""Why an operation on consumers, keys or revocations was refused."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from hotgate.store.errors import AlreadyExists, DoesNotExist, InvalidRecord


@dataclass(frozen=True, slots=True)
class LineError:
    """What is wrong with one line of an import. number: from 1."""

    number: int
    says: str


class AdministrationError(Exception):
    """code: stable, for programs. The text is a sentence for people, free of secrets. lines: of an import. member: the
    name of the value that is wrong, if it is one.

    Codes: `invalid`, `import-invalid`, `consumer-unknown`, `consumer-exists`, `key-unknown`, `key-exists`,
    `key-not-live`, `revocation-unknown`, `session-unknown`.
    """

    def __init__(self, code: str, says: str, lines: Sequence[LineError] = (), member: str = "") -> None:
        super().__init__(says)
        self.code = code
        self.lines = tuple(lines)
        self.member = member


@contextmanager
def refusals_of_store() -> Iterator[None]:
    """The store's refusals as AdministrationError."""
    try:
        yield
    except InvalidRecord as error:
        raise AdministrationError("invalid", str(error)) from None
    except AlreadyExists as error:
        raise AdministrationError(f"{error.kind}-exists", str(error)) from None
    except DoesNotExist as error:
        raise AdministrationError(f"{error.kind}-unknown", str(error), member=error.kind) from None
