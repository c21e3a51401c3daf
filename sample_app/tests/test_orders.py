"""The order flow, under concurrent requests, on both databases."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, update
from ticketd import db, orders
from ticketd.models import Event, Job, Order, Status

OnSale = Callable[..., str]


def reserve(engine: Engine, slug: str, quantity: int = 1, hold: float = 900.0) -> str | None:
    """The token of the order, None where the shop refuses."""
    with db.sessions(engine).begin() as session:
        try:
            order = orders.reserve(
                session, slug, email="ada@example.com", quantity=quantity, hold=hold
            )
        except orders.Refused:
            return None
        return order.token


def available(engine: Engine, slug: str) -> int:
    with db.sessions(engine)() as session:
        return orders.find_event(session, slug).available


def test_concurrent_buyers_get_every_ticket_and_not_one_more(
    engine: Engine, on_sale: OnSale
) -> None:
    slug = on_sale(engine, seats=25)
    with ThreadPoolExecutor(16) as buyers:
        tokens = list(buyers.map(lambda _: reserve(engine, slug, quantity=2), range(60)))
    assert sum(token is not None for token in tokens) == 12
    assert available(engine, slug) == 1
    assert reserve(engine, slug, quantity=1) is not None
    assert available(engine, slug) == 0


def test_a_refusal_says_why(engine: Engine, on_sale: OnSale) -> None:
    slug = on_sale(engine, seats=3)
    with db.sessions(engine)() as session:
        with pytest.raises(orders.Refused, match="Only 3 tickets are left"):
            orders.reserve(session, slug, email="ada@example.com", quantity=4)
        with pytest.raises(orders.NotFound):
            orders.reserve(session, "nothing", email="ada@example.com", quantity=1)
        session.execute(update(Event).values(starts_at=db.now() - timedelta(minutes=1)))
        with pytest.raises(orders.Refused, match="begun"):
            orders.reserve(session, slug, email="ada@example.com", quantity=1)


def test_an_unpaid_reservation_gives_its_tickets_back(engine: Engine, on_sale: OnSale) -> None:
    slug = on_sale(engine, seats=10)
    reserve(engine, slug, quantity=4, hold=-1)
    reserve(engine, slug, quantity=1, hold=900)
    with db.sessions(engine).begin() as session:
        returned = [orders.expire(session), orders.expire(session)]
    assert returned == [4, 0]
    assert available(engine, slug) == 9


def test_paying_twice_at_once_confirms_once(engine: Engine, on_sale: OnSale) -> None:
    token = reserve(engine, on_sale(engine, seats=1))

    def pay(_: int) -> str:
        with db.sessions(engine).begin() as session:
            return orders.pay(session, token).status

    with ThreadPoolExecutor(8) as payers:
        assert set(payers.map(pay, range(8))) == {Status.CONFIRMED}
    with db.sessions(engine)() as session:
        assert [job.payload for job in session.scalars(select(Job))] == [{"token": token}]


def test_a_late_payment_is_refused(engine: Engine, on_sale: OnSale) -> None:
    token = reserve(engine, on_sale(engine, seats=1), hold=-1)
    with db.sessions(engine)() as session, pytest.raises(orders.Refused, match="expired"):
        orders.pay(session, token)


def test_payment_and_expiry_never_both_win(engine: Engine, on_sale: OnSale) -> None:
    slug = on_sale(engine, seats=40)
    tokens = [reserve(engine, slug, hold=0.3) for _ in range(40)]

    def race(number: int) -> None:
        with db.sessions(engine).begin() as session:
            if number % 2:
                with suppress(orders.Refused):
                    orders.pay(session, tokens[number // 2])
            else:
                orders.expire(session)

    with ThreadPoolExecutor(8) as racers:
        list(racers.map(race, range(80)))
    with db.sessions(engine)() as session:
        ends = Counter(session.scalars(select(Order.status)))
    assert available(engine, slug) == ends[Status.EXPIRED]
    assert ends[Status.EXPIRED] + ends[Status.RESERVED] + ends[Status.CONFIRMED] == 40
