"""The database: SQLite or PostgreSQL, whichever the address names.

Nothing connects before it is used, so that the application can be imported anywhere.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from sqlalchemy import DateTime, Engine, TypeDecorator, create_engine, event, make_url
from sqlalchemy.orm import Session

from ticketd.settings import database_url


def connect(url: str) -> Engine:
    """An engine for the address; `postgresql://` means psycopg 3."""
    address = make_url(url)
    if address.drivername in ("postgres", "postgresql"):
        address = address.set(drivername="postgresql+psycopg")
    if address.get_backend_name() != "sqlite":
        return create_engine(address, pool_pre_ping=True)
    Path(address.database or ":memory:").parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(address, connect_args={"timeout": 15})

    @event.listens_for(engine, "connect")
    def let_readers_pass_the_writer(connection: sqlite3.Connection, _record: object) -> None:
        with suppress(sqlite3.OperationalError):  # another connection does it right now
            connection.execute("PRAGMA journal_mode = WAL")

    return engine


@cache
def engine() -> Engine:
    return connect(database_url())


@contextmanager
def transaction(on: Engine | None = None) -> Iterator[Session]:
    """A session whose work is committed at the end of the `with`, or not at all."""
    with Session(on or engine(), expire_on_commit=False) as session, session.begin():
        yield session


class Instant(TypeDecorator[datetime]):
    """A moment, kept in UTC.  SQLite forgets time zones, so they are put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: object) -> datetime | None:
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: object) -> datetime | None:
        return value and (value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC))


def now() -> datetime:
    return datetime.now(UTC)
