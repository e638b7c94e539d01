"""Consumers, API keys, revocations, and the sequence of changes."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables of an empty store."""
    op.create_table(
        "consumers",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("groups", sa.Text),
        sa.Column("roles", sa.Text),
        sa.Column("tier", sa.Text),
        sa.Column("metadata", sa.Text),
        sa.Column("is_disabled", sa.Boolean, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("consumer", sa.Text, sa.ForeignKey("consumers.name"), nullable=False),
        sa.Column("environment", sa.Text, nullable=False),
        sa.Column("scopes", sa.Text),
        sa.Column("roles", sa.Text),
        sa.Column("not_before", sa.Float),
        sa.Column("expires", sa.Float),
        sa.Column("revoked_at", sa.Float),
        sa.Column("revoked_reason", sa.Text),
        sa.Column("rate_limit", sa.Text),
        sa.Column("networks", sa.Text),
        sa.Column("routes", sa.Text),
        sa.Column("metadata", sa.Text),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("last_used", sa.Float),
        sa.Column("hint", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("api_keys_of_consumer", "api_keys", ["consumer", "id"])
    op.create_table(
        "revocations",
        sa.Column("provider", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, primary_key=True),
        sa.Column("before", sa.Float),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("expires", sa.Float),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_revocations_expires", "revocations", ["expires"])
    counter = op.create_table(
        "sequence",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("value", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(counter, [{"id": 1, "value": 0}])
    op.create_table(
        "changes",
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
    )
