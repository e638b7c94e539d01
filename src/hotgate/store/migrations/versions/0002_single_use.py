"""Tokens that were used and must not be again."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "single_use",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("expires", sa.Float, nullable=False),
    )
    op.create_index("ix_single_use_expires", "single_use", ["expires"])
