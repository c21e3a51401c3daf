"""What the shop remembers."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from ticketd.db import Instant, now


class Base(DeclarativeBase):
    type_annotation_map = {datetime: Instant, dict[str, str]: JSON, str: String(200)}  # noqa: RUF012 - SQLAlchemy reads it from the class


class Event(Base):
    __tablename__ = "events"
    # `available` is counted down by the statement that looks at it; this is the safety net.
    __table_args__ = (CheckConstraint("available between 0 and capacity", name="not_oversold"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    venue: Mapped[str]
    time_zone: Mapped[str]  # the venue's: Europe/Berlin
    starts_at: Mapped[datetime]
    price_cents: Mapped[int]
    capacity: Mapped[int]
    available: Mapped[int]

    @property
    def local_start(self) -> datetime:
        """When it starts, by the clock on the venue's wall."""
        return self.starts_at.astimezone(ZoneInfo(self.time_zone))

    @property
    def starts(self) -> str:
        return f"{self.local_start:%a %d %b %Y, %H:%M %Z}"


class Order(Base):
    __tablename__ = "orders"
    __table_args__ = (Index("orders_by_expiry", "status", "expires_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(unique=True)  # whoever has it may see and pay the order
    event_id: Mapped[int] = mapped_column(ForeignKey("events.id"))
    email: Mapped[str]
    quantity: Mapped[int]
    amount_cents: Mapped[int]
    status: Mapped[str] = mapped_column(default="reserved")  # then confirmed, or expired
    expires_at: Mapped[datetime]

    event: Mapped[Event] = relationship(lazy="selectin")


class Job(Base):
    """Work for the worker: committed together with what makes it necessary."""

    __tablename__ = "jobs"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    payload: Mapped[dict[str, str]]
    attempts: Mapped[int] = mapped_column(default=0)
    run_at: Mapped[datetime] = mapped_column(default=now, index=True)
