"""Sessions of logins."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "sessions",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("sid", sa.Text),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("last_seen", sa.Float, nullable=False),
        sa.Column("idle", sa.Float, nullable=False),
        sa.Column("absolute_end", sa.Float, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("ends", sa.Float, nullable=False),
    )
    op.create_index("ix_sessions_ends", "sessions", ["ends"])
    op.create_index("sessions_of_provider", "sessions", ["provider", "id"], unique=True)
    op.create_index("sessions_of_subject", "sessions", ["provider", "subject", "created"])
    op.create_index("sessions_of_sid", "sessions", ["provider", "sid"])
