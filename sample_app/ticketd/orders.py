"""Reserve, pay, expire: each is one conditional UPDATE, so that no two can win the same ticket.

The database decides, not what a process has read a moment ago: on SQLite writers queue,
on PostgreSQL the condition is looked at again behind the row's lock.
"""

import secrets
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ticketd.db import now
from ticketd.models import Event, Job, Order


class Refused(Exception):
    """The shop says no; the message is for the customer."""

    status = 409


class NotFound(Refused):
    status = 404


def reserve(session: Session, slug: str, *, email: str, quantity: int, hold: float) -> Order:
    """Take tickets off the event's stock; they wait `hold` seconds for their payment."""
    event = session.scalars(
        update(Event)
        .where(Event.slug == slug, Event.available >= quantity, Event.starts_at > now())
        .values(available=Event.available - quantity)
        .returning(Event)
    ).one_or_none()
    if event is None:
        left = find_event(session, slug).available
        raise Refused(f"There are only {left} left." if left else "The event is sold out.")
    order = Order(
        token=secrets.token_urlsafe(18),
        event=event,
        email=email,
        quantity=quantity,
        amount_cents=quantity * event.price_cents,
        expires_at=now() + timedelta(seconds=hold),
    )
    session.add(order)
    return order


def pay(session: Session, token: str) -> Order:
    """Confirm a reservation that still holds; twice is the same as once.

    A payment provider would call this when the money is there.
    """
    order = session.scalars(
        update(Order)
        .where(Order.token == token, Order.status == "reserved", Order.expires_at > now())
        .values(status="confirmed")
        .returning(Order)
    ).one_or_none()
    if order is not None:
        session.add(Job(kind="confirmation", payload={"token": token}))
        return order
    order = find(session, token)
    if order.status != "confirmed":
        raise Refused("The reservation has expired: its tickets are back on sale.")
    return order


def expire(session: Session) -> int:
    """Put the tickets of unpaid reservations back on sale; returns how many there were."""
    due = select(Order.id).where(Order.status == "reserved", Order.expires_at <= now())
    rows = session.execute(
        update(Order)
        .where(Order.id.in_(due.with_for_update(skip_locked=True)), Order.status == "reserved")
        .values(status="expired")
        .returning(Order.event_id, Order.quantity)
    )
    ended = sorted(rows)  # one order everywhere: nobody waits in a circle
    for event_id, quantity in ended:
        back = update(Event).where(Event.id == event_id)
        session.execute(back.values(available=Event.available + quantity))
    return len(ended)


def find(session: Session, token: str) -> Order:
    order = session.scalar(select(Order).where(Order.token == token))
    if order is None:
        raise NotFound("There is no such order.")
    return order


def find_event(session: Session, slug: str) -> Event:
    """An event that has not begun."""
    event = session.scalar(select(Event).where(Event.slug == slug, Event.starts_at > now()))
    if event is None:
        raise NotFound("There is no such event, or it has begun.")
    return event
