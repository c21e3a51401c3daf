"""The commands of the release: `bin/ticketd migrate` and `bin/ticketd seed`."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, select

from ticketd import db
from ticketd.models import Event, Venue


def migrate(revision: str = "head", *, engine: Engine | None = None) -> None:
    """Bring the database to the revision; `migrate 0001` goes no further, nothing goes back."""
    engine = engine or db.engine()
    alembic = Config()
    alembic.set_main_option("script_location", "ticketd:migrations")
    alembic.attributes["engine"] = engine
    before = _revision(engine)
    command.upgrade(alembic, revision)
    after = _revision(engine)
    address = engine.url.render_as_string(hide_password=True)
    print(f"{address}: at {after} already" if before == after else f"{address}: now at {after}")


def seed(*, engine: Engine | None = None) -> None:
    """Put a few events on sale, where there are none; does nothing the second time."""
    with db.sessions(engine or db.engine()).begin() as session:
        if session.scalar(select(Event.id).limit(1)) is not None:
            print("there are events already")
            return
        events = list(_examples())
        session.add_all(events)
    print("on sale:", ", ".join(event.slug for event in events))


def _revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _examples() -> list[Event]:
    halls = {
        "kantine": Venue(name="Kantine am Ufer", city="Berlin", time_zone="Europe/Berlin"),
        "ferry": Venue(name="The Ferry Building", city="Auckland", time_zone="Pacific/Auckland"),
        "orange": Venue(name="Orange Room", city="New York", time_zone="America/New_York"),
    }
    rows = [
        ("night-trains", "Night Trains, live", "kantine", 30, time(20), 2450, 120),
        ("tidal-quartet", "Tidal Quartet", "ferry", 45, time(19, 30), 3900, 60),
        ("small-talk", "Small Talk: stand-up", "orange", 60, time(21), 1800, 40),
    ]
    return [
        Event(
            slug=slug,
            title=title,
            venue=halls[hall],
            starts_at=_local(halls[hall].time_zone, in_days, at),
            price_cents=cents,
            capacity=seats,
            available=seats,
        )
        for slug, title, hall, in_days, at, cents, seats in rows
    ]


def _local(time_zone: str, in_days: int, at: time) -> datetime:
    zone = ZoneInfo(time_zone)
    return datetime.combine(datetime.now(zone).date() + timedelta(days=in_days), at, zone)
