"""Run by Alembic for `store/migrate.py`, which hands over the connection and its transaction."""

from alembic import context

from hotgate.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
