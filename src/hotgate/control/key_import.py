"""Taking over the keys of another system: all of them, or none."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from hotgate.control.administration_error import AdministrationError, LineError, refusals_of_store
from hotgate.control.import_line import ImportLine, read_lines
from hotgate.control.key_request import valid_attributes
from hotgate.identity.api_keys.managed_key import new_id
from hotgate.store.bounds import MAX_BATCH, MAX_PAGE
from hotgate.store.pepper import Peppers
from hotgate.store.records import Consumer, StoredKey

if TYPE_CHECKING:
    from hotgate.store.store import Store

Numbered = dict[int, StoredKey]


class KeyImport:
    """clock: seconds since the epoch."""

    def __init__(self, store: "Store", peppers: Peppers, clock: Callable[[], float]) -> None:
        self._store = store
        self._peppers = peppers
        self._clock = clock

    async def run(self, text: str, *, create_consumers: bool = False) -> Sequence[StoredKey]:
        """Import what `import_line` reads in a text of at most MAX_BATCH keys.

        Raises AdministrationError (import-invalid) with everything that is wrong with any line, and StoreUnavailable.
        """
        errors: list[LineError] = []
        records = self._records(text, errors)
        if not create_consumers:
            errors += await self._of_strangers(records)
        if errors or not records:
            raise _import_invalid(errors)
        names = {record.consumer for record in records.values()} if create_consumers else set()
        new = [Consumer(name, created=self._clock()) for name in sorted(names)]
        try:
            with refusals_of_store():
                await self._store.add_keys(list(records.values()), new)
        except AdministrationError as error:
            raise _import_invalid(await self._known(records)) if error.code == "key-exists" else error from None
        return list(records.values())

    def _records(self, text: str, errors: list[LineError]) -> Numbered:
        records: Numbered = {}
        seen: dict[object, int] = {}
        for number, line in read_lines(text):
            if len(records) >= MAX_BATCH:
                errors.append(LineError(number, f"at most {MAX_BATCH} keys are imported at once; split the file"))
                break
            try:
                record = self._record(number, line, seen)
            except AdministrationError as error:
                errors += error.lines or [LineError(number, str(error))]
            else:
                records[number] = record
        return records

    def _record(self, number: int, line: ImportLine | LineError, seen: dict[object, int]) -> StoredKey:
        if isinstance(line, LineError):
            raise _import_invalid([line])
        key_id = line.id or new_id()
        digest = self._peppers.of_sha256(line.plain_digest)
        for what, value in (("key", digest), ("id", key_id)):
            if (first := seen.setdefault(value, number)) != number:
                raise AdministrationError("import-invalid", f"has the {what} of line {first}")
        now = self._clock()
        attributes = valid_attributes(line.attributes(), now)
        return StoredKey(id=key_id, digest=digest, created=now, hint=line.hint, **attributes)

    async def _of_strangers(self, records: Numbered) -> list[LineError]:
        """The lines whose consumer is not in the store."""
        names = {record.consumer for record in records.values()}
        strangers = {name for name in names if await self._store.consumer(name) is None}
        return [
            LineError(number, f"there is no consumer {record.consumer[:100]!r}")
            for number, record in records.items()
            if record.consumer in strangers
        ]

    async def _known(self, records: Numbered) -> list[LineError]:
        """The lines whose id or key is in the store already."""
        by_digest = {record.digest: number for number, record in records.items()}
        by_id = {record.id: number for number, record in records.items()}
        found: dict[int, str] = {}
        page = await self._store.keys(limit=MAX_PAGE)
        while page:
            for key in page:
                if (number := by_id.get(key.id)) is not None:
                    found[number] = f"there is another key with the id {key.id}"
                if (number := by_digest.get(key.digest)) is not None:
                    found[number] = f"this key is there already, as {key.id}"
            page = await self._store.keys(after=page[-1].id, limit=MAX_PAGE)
        return [LineError(number, says) for number, says in found.items()]


def _import_invalid(errors: Sequence[LineError]) -> AdministrationError:
    lines = sorted(errors, key=lambda error: error.number)
    wrong = "1 line is wrong" if len(lines) == 1 else f"{len(lines)} lines are wrong"
    says = f"nothing was imported: {wrong}" if lines else "there is nothing to import"
    return AdministrationError("import-invalid", says, lines)
