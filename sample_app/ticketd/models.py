"""What the shop remembers."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from ticketd.db import Instant


class Base(DeclarativeBase):
    type_annotation_map = {datetime: Instant, dict[str, Any]: JSON, str: String(200)}  # noqa: RUF012


class Status(StrEnum):
    RESERVED = "reserved"
    CONFIRMED = "confirmed"
    EXPIRED = "expired"


class Venue(Base):
    __tablename__ = "venues"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    city: Mapped[str]
    time_zone: Mapped[str]  # of the IANA database: Europe/Berlin


class Event(Base):
    __tablename__ = "events"
    # `available` counts down in the same statement that looks at it; this is the safety net.
    __table_args__ = (CheckConstraint("available between 0 and capacity", name="not_oversold"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    venue_id: Mapped[int] = mapped_column(ForeignKey("venues.id"))
    starts_at: Mapped[datetime]
    price_cents: Mapped[int]
    capacity: Mapped[int]
    available: Mapped[int]

    venue: Mapped[Venue] = relationship(lazy="joined")

    @property
    def local_start(self) -> datetime:
        """When it starts, by the clock on the venue's wall."""
        return self.starts_at.astimezone(ZoneInfo(self.venue.time_zone))


class Order(Base):
    __tablename__ = "orders"
    __table_args__ = (Index("orders_by_expiry", "status", "expires_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(unique=True)  # whoever has it may see and pay the order
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"))
    email: Mapped[str]
    quantity: Mapped[int]
    amount_cents: Mapped[int]
    status: Mapped[str] = mapped_column(default=Status.RESERVED)
    expires_at: Mapped[datetime]

    event: Mapped[Event] = relationship(lazy="joined")


class Job(Base):
    """Work for the worker.  It is due at `run_at`; taking it moves that into the future."""

    __tablename__ = "jobs"
    __table_args__ = (Index("jobs_by_time", "state", "run_at"),)

    LEASE = timedelta(minutes=2)  # a worker that dies with a job loses it after this
    ATTEMPTS = 8

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(default="waiting")  # waiting, done or failed
    attempts: Mapped[int] = mapped_column(default=0)
    run_at: Mapped[datetime]
    error: Mapped[str] = mapped_column(default="")
