"""How Alembic reaches the database: through the application's own configuration."""

from alembic import context

from ticketd import db
from ticketd.models import Base

engine = context.config.attributes.get("engine") or db.engine()

with engine.connect() as connection:
    # SQLite cannot alter a table in place: a batch makes a new one.
    context.configure(connection, target_metadata=Base.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
