"""`valkey`: a Valkey or Redis server that several gateways share."""

from importlib.util import find_spec
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from hotgate.config.https_url import is_loopback_name
from hotgate.config.notation import refused
from hotgate.config.secret import Secret
from hotgate.config.settings import Settings

_PLAIN = frozenset({"valkey", "redis"})
_TLS = frozenset({"valkeys", "rediss"})
_SAYS = (
    "write valkeys://user:password@host:6379/0 (TLS), valkey:// on a loopback host or with a password, or unix:///path"
)


class Valkey(Settings):
    """Valkey 7.2 or Redis 7 and later, one server or what stands for one (not a cluster that parts its keys)."""

    url: Secret = Field(
        description="`valkeys://user:password@host:6379/0` with TLS, whose certificate is verified; `valkey://` "
        "without, for a loopback host or a network of its own; `unix:///run/valkey.sock`. `redis://` and "
        "`rediss://` mean the same. A password in it is shown nowhere."
    )

    @model_validator(mode="after")
    def _can_be_used(self) -> "Valkey":
        if not _is_usable(self.url.reveal()):
            raise refused(f"`url`: {_SAYS}")
        if find_spec("redis") is None:
            raise refused("Valkey needs a driver: pip install 'hotgate[cluster]'")
        return self


def _is_usable(text: str) -> bool:
    """A server on another machine without TLS must at least ask for a password: sessions are ended through it."""
    try:
        url = urlsplit(text)
        is_database = url.path.lstrip("/").isdigit() or url.path in ("", "/")
        if url.scheme == "unix":
            return url.path.startswith("/") and not url.hostname
        is_open = url.scheme in _PLAIN and not url.password and not is_loopback_name(url.hostname or "")
        is_known = url.scheme in _PLAIN | _TLS
        return is_known and bool(url.hostname) and url.port != 0 and is_database and not url.query and not is_open
    except ValueError:
        return False
