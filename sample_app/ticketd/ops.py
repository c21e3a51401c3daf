"""The commands of the release: `migrate`, `seed`, and `report`, which runs every night."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, func, select

from ticketd import db
from ticketd.models import Event, Order

EXAMPLES = (
    ("night-trains", "Night Trains, live", "Kantine am Ufer", "Europe/Berlin", 2450, 120),
    ("tidal-quartet", "Tidal Quartet", "The Ferry Building", "Pacific/Auckland", 3900, 60),
    ("small-talk", "Small Talk: stand-up", "Orange Room", "America/New_York", 1800, 40),
)


def migrate(revision: str = "head", *, engine: Engine | None = None) -> None:
    """Bring the database to the revision, by default to this release's."""
    engine = engine or db.engine()
    alembic = Config(attributes={"engine": engine})
    alembic.set_main_option("script_location", "ticketd:migrations")
    command.upgrade(alembic, revision)
    print(f"{engine.url!r}:", end=" ")  # without its password
    command.current(alembic)


def seed(*, engine: Engine | None = None) -> None:
    """Put a few events on sale, where there are none."""
    with db.transaction(engine) as session:
        if session.scalar(select(Event.id).limit(1)) is not None:
            print("there are events already")
            return
        for days, (slug, title, venue, zone, cents, seats) in enumerate(EXAMPLES, 30):
            event = Event(slug=slug, title=title, venue=venue, time_zone=zone, price_cents=cents)
            day = datetime.now(ZoneInfo(zone)).date() + timedelta(days=days)
            event.starts_at = datetime.combine(day, time(20), ZoneInfo(zone))
            event.capacity = event.available = seats
            session.add(event)
    print("on sale:", ", ".join(slug for slug, *_ in EXAMPLES))


def report(*, engine: Engine | None = None) -> None:
    """Print what each event has sold."""
    sold = func.coalesce(func.sum(Order.quantity), 0)
    taken = func.coalesce(func.sum(Order.amount_cents), 0)
    confirmed = (Order.event_id == Event.id) & (Order.status == "confirmed")
    with db.transaction(engine) as session:
        rows = session.execute(
            select(Event.slug, Event.capacity, sold, taken)
            .outerjoin(Order, confirmed)
            .group_by(Event.id, Event.slug, Event.capacity)
            .order_by(Event.slug)
        )
        for slug, capacity, tickets, cents in rows:
            print(f"{slug}: {tickets} of {capacity} sold, {cents / 100:.2f}")
