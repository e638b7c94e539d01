"""`store`: where consumers, API keys and revocations are kept."""

from importlib.util import find_spec
from typing import Annotated

from pydantic import Field, model_validator

from hotgate.config.notation import refused
from hotgate.config.secret import Secret
from hotgate.config.settings import Settings, WholeNumber
from hotgate.config.store_url import is_postgresql, is_store_url
from hotgate.config.units import DurationBetween

MIN_PEPPER = 32  # characters

_URL_SAYS = (
    "write sqlite:///path, sqlite:////absolute/path or postgresql://user:password@host/database, with %2F for / in a"
    " password, %3F for ? and %23 for #"
)


class Store(Settings):
    """Consumers, API keys and revocations, kept over restarts. `store: {}` is SQLite in the state folder."""

    url: Secret | None = Field(
        default=None,
        description="`sqlite:///path`, relative to the folder of the main file, or `postgresql://user:password@host/"
        "database`, which several nodes can share. Not set: `hotgate.db` in the state folder. A password in it is "
        "shown nowhere.",
    )
    pepper: Secret | Annotated[tuple[Secret, ...], Field(min_length=1, max_length=16)] | None = Field(
        default=None,
        description="What the digests of API keys are made with, at least 32 characters; it must not be in the "
        "database. A list: the first makes new digests, the others still verify. Not set: made once and kept in the "
        "state folder. PostgreSQL needs it, for all nodes must have the same.",
    )
    max_stale: Annotated[float, DurationBetween("1s", "7d")] = Field(
        default=3600.0,
        description="How long credentials that are known locally are accepted while the store cannot be reached. "
        "After that every request that needs one is answered 503.",
    )
    cache: Annotated[int, WholeNumber(1, 1_000_000)] = Field(
        default=10_000,
        description="API keys that each worker keeps in memory, about 1 KiB each; the least recently used go first.",
    )

    @property
    def peppers(self) -> tuple[Secret, ...]:
        """All that were configured."""
        if self.pepper is None:
            return ()
        return (self.pepper,) if isinstance(self.pepper, Secret) else self.pepper

    @property
    def is_shared(self) -> bool:
        """True for a database server."""
        return self.url is not None and is_postgresql(self.url.reveal())

    @model_validator(mode="after")
    def _can_be_used(self) -> "Store":
        if self.url is not None and not is_store_url(self.url.reveal()):
            raise refused(f"`url`: {_URL_SAYS}")
        if any(len(pepper.reveal()) < MIN_PEPPER for pepper in self.peppers):
            raise refused(f"`pepper`: at least {MIN_PEPPER} characters, such as `openssl rand -hex 32` makes")
        if self.is_shared and not self.peppers:
            raise refused("PostgreSQL needs `pepper`: all nodes must make the same digests of a key")
        if self.is_shared and find_spec("asyncpg") is None:
            raise refused("PostgreSQL needs a driver: pip install 'hotgate[postgres]'")
        return self
