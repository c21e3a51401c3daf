"""The database: SQLite or PostgreSQL, whichever the address names.

Nothing connects before it is used, so that the application can be imported anywhere.
"""

from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import DateTime, Dialect, Engine, TypeDecorator, create_engine, event, make_url
from sqlalchemy.orm import Session, sessionmaker

from ticketd.settings import config, database_url


def connect(url: str, *, pool: int = 10) -> Engine:
    """An engine for the address; `postgresql://` means psycopg 3."""
    address = make_url(url)
    if address.drivername in ("postgres", "postgresql"):
        address = address.set(drivername="postgresql+psycopg")
    if address.get_backend_name() != "sqlite":
        return create_engine(address, pool_size=pool, pool_pre_ping=True)
    if address.database:
        Path(address.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(address, pool_size=pool, connect_args={"timeout": 15})
    event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA journal_mode = WAL")  # readers do not wait for the writer
    connection.execute("PRAGMA foreign_keys = ON")


@cache
def engine() -> Engine:
    """The engine of this process."""
    return connect(database_url(), pool=config["db.pool"])


def sessions(to: Engine) -> sessionmaker[Session]:
    return sessionmaker(to, expire_on_commit=False)


def transaction() -> AbstractContextManager[Session]:
    """A session whose work is committed at the end of the `with`, or not at all."""
    return sessions(engine()).begin()


class Instant(TypeDecorator[datetime]):
    """A moment, kept in UTC.  SQLite forgets time zones, so they are put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError(f"{value} is in no time zone")
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def now() -> datetime:
    return datetime.now(UTC)
