"""Reserve, pay, expire: each is one conditional UPDATE, so that no two can win the same ticket.

The database decides, not what a process read a moment ago.  It holds on SQLite, where
writers queue, and on PostgreSQL, where the condition is looked at again behind a lock.
"""

import secrets
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ticketd import jobs
from ticketd.db import now
from ticketd.models import Event, Order, Status


class Refused(Exception):
    """The shop says no; the message is for the customer."""


class NotFound(Refused):
    """There is no such event or order."""


def reserve(
    session: Session, slug: str, *, email: str, quantity: int, hold: float = 900.0
) -> Order:
    """Take tickets off the event's stock; they wait `hold` seconds for their payment."""
    event = session.scalars(
        update(Event)
        .where(Event.slug == slug, Event.available >= quantity, Event.starts_at > now())
        .values(available=Event.available - quantity)
        .returning(Event)
    ).one_or_none()
    if event is None:
        raise _refusal(find_event(session, slug))
    order = Order(
        token=secrets.token_urlsafe(18),
        event=event,
        email=email,
        quantity=quantity,
        amount_cents=quantity * event.price_cents,
        status=Status.RESERVED,
        expires_at=now() + timedelta(seconds=hold),
    )
    session.add(order)
    session.flush()
    return order


def pay(session: Session, token: str) -> Order:
    """Confirm a reservation that still holds; paying twice is the same as paying once.

    A payment provider would call this when the money is there.
    """
    order = session.scalars(
        update(Order)
        .where(Order.token == token, Order.status == Status.RESERVED, Order.expires_at > now())
        .values(status=Status.CONFIRMED)
        .returning(Order)
    ).one_or_none()
    if order is not None:
        jobs.enqueue(session, "confirmation", token=token)
        return order
    order = find(session, token)
    if order.status != Status.CONFIRMED:
        raise Refused("The reservation has expired, and its tickets are back on sale.")
    return order


def expire(session: Session) -> int:
    """End one reservation that was not paid in time; returns how many tickets came back."""
    due = select(Order.id).where(Order.status == Status.RESERVED, Order.expires_at <= now())
    order = session.scalars(
        update(Order)
        .where(
            Order.id == due.limit(1).with_for_update(skip_locked=True).scalar_subquery(),
            Order.status == Status.RESERVED,
        )
        .values(status=Status.EXPIRED)
        .returning(Order)
    ).one_or_none()
    if order is None:
        return 0
    session.execute(
        update(Event)
        .where(Event.id == order.event_id)
        .values(available=Event.available + order.quantity)
    )
    return order.quantity


def find(session: Session, token: str) -> Order:
    order = session.scalar(select(Order).where(Order.token == token))
    if order is None:
        raise NotFound("There is no such order.")
    return order


def find_event(session: Session, slug: str) -> Event:
    event = session.scalar(select(Event).where(Event.slug == slug))
    if event is None:
        raise NotFound("There is no such event.")
    return event


def upcoming(session: Session) -> list[Event]:
    return list(
        session.scalars(select(Event).where(Event.starts_at > now()).order_by(Event.starts_at))
    )


def _refusal(event: Event) -> Refused:
    if event.starts_at <= now():
        return Refused("The event has begun.")
    if event.available == 0:
        return Refused("The event is sold out.")
    return Refused(f"Only {event.available} tickets are left.")
