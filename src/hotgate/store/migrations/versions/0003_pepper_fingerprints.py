"""By what a wrong pepper is recognized."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the table, empty: the next one who opens the store with peppers fills it."""
    op.create_table("pepper_fingerprints", sa.Column("fingerprint", sa.LargeBinary, primary_key=True))
