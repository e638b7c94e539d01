"""Brings the tables of a store to what this version of the program needs, in one transaction."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from hotgate.store.errors import StoreUnusable

_FOLDER = Path(__file__).with_name("migrations")
_LOCK = 0x686F74676174  # of PostgreSQL's advisory locks: "hotgat"


def migrate(connection: Connection, revision: str = "head") -> None:
    """Call inside a transaction that may write. Raises StoreUnusable for a store of a newer program."""
    if connection.dialect.name == "postgresql":  # two nodes may start at once; SQLite's transaction locks by itself
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})
    found = current_revision(connection)
    if found == latest_revision():
        return
    if found is not None and found not in {script.revision for script in _scripts().walk_revisions()}:
        raise StoreUnusable(f"the store has revision {found}, which this version does not know; install a newer one")
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def current_revision(connection: Connection) -> str | None:
    """What the store has now; None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def latest_revision() -> str:
    """What this version of the program needs."""
    return str(_scripts().get_current_head())


@cache
def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    return config
