"""`hotgate passwords`: files with names and hashes of passwords, for `basic` entries."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

passwords = typer.Typer(name="passwords", no_args_is_help=True, help="Names and passwords in files, for `basic`.")

PasswordPath = Annotated[Path, typer.Argument(metavar="FILE", help="The file: `name:hash` on each line.")]
UserName = Annotated[str, typer.Argument(metavar="NAME", help="Who.")]
FromStdin = Annotated[
    bool, typer.Option("--stdin", help="Read the password from the standard input instead of asking for it.")
]


@passwords.command("hash")
def print_hash(stdin: FromStdin = False) -> None:
    """Print the argon2id hash of a password, for `users`."""
    typer.echo(_hashed(_password(from_stdin=stdin)))


@passwords.command("set")
def set_password(file: PasswordPath, name: UserName, stdin: FromStdin = False) -> None:
    """Give somebody a password, who is added if the file does not have them. A running gateway reloads it."""
    if not name or ":" in name or not name.isprintable():
        _fail("a name is text without colon and control characters")
    known = _read(file) if file.exists() else {}
    state = "has a new password" if name in known else "is added"
    _write(file, {**known, name: _hashed(_password(from_stdin=stdin))})
    typer.echo(f"{name} {state}")


@passwords.command()
def remove(file: PasswordPath, name: UserName) -> None:
    """Remove somebody."""
    known = _read(file)
    if known.pop(name, None) is None:
        _fail(f"there is no {name!r} in {file}")
    _write(file, known)
    typer.echo(f"{name} is removed")


@passwords.command("import")
def import_file(
    old: Annotated[Path, typer.Argument(metavar="HTPASSWD", help="A file of Apache or nginx.")], file: PasswordPath
) -> None:
    """Take over an htpasswd file: weak digests (SHA-1, apr1) are wrapped in argon2id; passwords stay as they are."""
    from hotgate.identity.passwords.password_hash import imported  # noqa: PLC0415 (needs argon2)

    added = _read(old, imported)
    known = _read(file) if file.exists() else {}
    if both := sorted(known.keys() & added.keys()):
        _fail(f"{file} has {both[0]!r} already; remove it from one of both files")
    _write(file, {**known, **added})
    typer.echo(f"{len(added)} imported")


def _hashed(password: str) -> str:
    from hotgate.identity.passwords.password_hash import hashed  # noqa: PLC0415 (needs argon2)

    return hashed(password)


def _password(*, from_stdin: bool) -> str:
    from hotgate.identity.passwords.basic_credentials import MAX_PASSWORD  # noqa: PLC0415

    text = sys.stdin.readline().rstrip("\r\n") if from_stdin else _asked_twice()
    if not text or len(text.encode()) > MAX_PASSWORD or not text.isprintable():
        _fail(f"a password has 1 to {MAX_PASSWORD} bytes and no control characters")
    return text


def _asked_twice() -> str:
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))


def _read(file: Path, accepted: Callable[[str], str] | None = None) -> dict[str, str]:
    from hotgate.identity.passwords.password_file import BadPasswordFile, parse_password_file  # noqa: PLC0415
    from hotgate.identity.passwords.password_format import checked  # noqa: PLC0415

    try:
        return parse_password_file(file.read_text("utf-8"), accepted or checked)
    except (OSError, UnicodeDecodeError, BadPasswordFile) as error:
        _fail(f"{file} cannot be used: {_reason(error)}")


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or "it cannot be read"
    return "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else str(error)


def _write(file: Path, known: dict[str, str]) -> None:
    """The whole file or nothing, whosever it was and readable as it was; a new one is its owner's only."""
    from hotgate.identity.passwords.password_file import written_password_file  # noqa: PLC0415

    file = file.resolve()  # a link to it stays one
    new = file.with_name(f".{file.name}.{token_hex(8)}")
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as opened:
            opened.write(written_password_file(known))
            opened.flush()
            os.fsync(opened.fileno())
        with suppress(FileNotFoundError):
            _give_like(file.stat(), new)
        new.replace(file)
    except OSError as error:
        new.unlink(missing_ok=True)
        _fail(f"{file} cannot be written: {error.strerror}")


def _give_like(old: os.stat_result, new: Path) -> None:
    """The gateway, which may be another user than whoever runs this, must be able to read the new file as well."""
    if (new.stat().st_uid, new.stat().st_gid) != (old.st_uid, old.st_gid):
        os.chown(new, old.st_uid, old.st_gid)
    new.chmod(old.st_mode & 0o777)


def _fail(reason: str) -> NoReturn:
    typer.echo(f"hotgate: {reason}", err=True)
    raise typer.Exit(1)
