"""How Alembic reaches the database: through the application's own configuration."""

from alembic import context

from ticketd import db
from ticketd.models import Base

engine = context.config.attributes.get("engine") or db.engine()

with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,  # SQLite cannot alter a table in place
        user_module_prefix="db.",
    )
    with context.begin_transaction():
        context.run_migrations()
