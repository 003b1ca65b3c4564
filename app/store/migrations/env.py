"""Alembic's entry: runs the migrations on the connection that the application hands over."""

from __future__ import annotations

from alembic import context

from app.store.tables import METADATA


def migrate() -> None:
    """Everything in one transaction, so that a failed migration leaves nothing behind."""
    connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        render_as_batch=True,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


migrate()
