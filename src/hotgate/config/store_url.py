"""Where a store may be: `sqlite:///relative/path`, `sqlite:////absolute/path` or `postgresql://user:password@host/name`."""

from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from hotgate.config.https_url import is_loopback_name

_SQLITE = "sqlite:///"
_POSTGRESQL = ("postgresql://", "postgres://")


def sqlite_path(url: str) -> Path | None:
    """The file of an SQLite store; None if it is another kind."""
    return Path(url.removeprefix(_SQLITE)) if url.startswith(_SQLITE) else None


def is_postgresql(url: str) -> bool:
    """True for a URL as libpq takes it."""
    return url.startswith(_POSTGRESQL)


def is_store_url(url: str) -> bool:
    """False for what can be no store: another scheme, no path, a port that is none, or an `@` behind the host.

    That one was meant to end a password that holds a `/`, `?` or `#`, which have to be percent-encoded: read as they
    stand, a part of the password would pass for the name of the database, and be shown.
    """
    if not url.isprintable():
        return False
    if path := sqlite_path(url):
        return path.name not in ("", "..", ":memory:")
    try:
        parts = urlsplit(url)
        return is_postgresql(url) and parts.port != 0 and "@" not in parts.path + parts.query + parts.fragment
    except ValueError:
        return False


def trusts_any_server(url: str) -> bool:
    """True for a database on another machine that need not prove who it is: it may be told the password."""
    if not is_postgresql(url):
        return False
    parts = urlsplit(url)
    parameters = dict(parse_qsl(parts.query))
    host = parts.hostname or parameters.get("host", "/")  # libpq's default is a Unix socket
    is_local = host.startswith("/") or is_loopback_name(host)
    return not is_local and parameters.get("sslmode") not in ("verify-ca", "verify-full")


def shown(url: str) -> str:
    """The URL for a log: without user, password and parameters."""
    if path := sqlite_path(url):
        return f"SQLite, {path}"
    host, name = urlsplit(url).netloc.rpartition("@")[2], urlsplit(url).path
    return f"PostgreSQL, {host}{name}"
