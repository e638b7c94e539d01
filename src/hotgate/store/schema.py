"""The tables. A change here needs a revision in `migrations/versions`; a test compares the two.

Lists and mappings are JSON text, NULL when empty: rows stay small and read the same on both databases. In SQLite a row
stands in the index of its primary key (WITHOUT ROWID), so that a key is found by its digest in one descent.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

metadata = MetaData()

consumers = Table(
    "consumers",
    metadata,
    Column("name", Text, primary_key=True),
    Column("groups", Text),
    Column("roles", Text),
    Column("tier", Text),
    Column("metadata", Text),
    Column("is_disabled", Boolean, nullable=False),
    Column("created", Float, nullable=False),
    sqlite_with_rowid=False,
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Text, nullable=False, unique=True),
    Column("digest", LargeBinary, primary_key=True),
    Column("consumer", Text, ForeignKey("consumers.name"), nullable=False),
    Column("environment", Text, nullable=False),
    Column("scopes", Text),
    Column("roles", Text),
    Column("not_before", Float),
    Column("expires", Float),
    Column("revoked_at", Float),
    Column("revoked_reason", Text),
    Column("rate_limit", Text),
    Column("networks", Text),
    Column("routes", Text),
    Column("metadata", Text),
    Column("created", Float, nullable=False),
    Column("last_used", Float),
    Column("hint", Text, nullable=False),
    Index("api_keys_of_consumer", "consumer", "id"),
    sqlite_with_rowid=False,
)

revocations = Table(
    "revocations",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("before", Float),
    Column("reason", Text, nullable=False),
    Column("created", Float, nullable=False),
    Column("expires", Float, index=True),
    sqlite_with_rowid=False,
)

single_use = Table(
    "single_use",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("expires", Float, nullable=False, index=True),
)

# Of logins (`sessions/kept_session.py`). ends: the earlier of its idle and its absolute end.
sessions = Table(
    "sessions",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("sid", Text),
    Column("sealed", LargeBinary, nullable=False),
    Column("created", Float, nullable=False),
    Column("last_seen", Float, nullable=False),
    Column("idle", Float, nullable=False),
    Column("absolute_end", Float, nullable=False),
    Column("version", Integer, nullable=False),
    Column("ends", Float, nullable=False, index=True),
    Index("sessions_of_provider", "provider", "id", unique=True),
    Index("sessions_of_subject", "provider", "subject", "created"),
    Index("sessions_of_sid", "provider", "sid"),
)

# What was given out of each quota (`quotas.py`). period: its notation. ends: of the period that `used` is of.
quotas = Table(
    "quotas",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("period", Text, nullable=False),
    Column("ends", Float, nullable=False, index=True),
    Column("used", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# Of the peppers that digests in `api_keys` were made with (`Peppers.fingerprints`).
pepper_fingerprints = Table(
    "pepper_fingerprints",
    metadata,
    Column("fingerprint", LargeBinary, primary_key=True),
)

# One row. Every write begins by counting it up, which locks it: so numbers become visible in their order.
sequence = Table(
    "sequence",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("value", BigInteger, nullable=False),
)

changes = Table(
    "changes",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, primary_key=True),
    Column("id", Text, primary_key=True),
)
