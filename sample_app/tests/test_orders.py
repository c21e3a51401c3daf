"""The order flow and the queue, with real concurrency, on both databases."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, select, update
from ticketd import db, ops, orders, worker
from ticketd.models import Base, Job, Order

EVENT = "small-talk"  # 40 seats


def reserve(engine: Engine, quantity: int = 1, hold: float = 900.0) -> str:
    with db.transaction(engine) as session:
        order = orders.reserve(session, EVENT, email="a@b.cd", quantity=quantity, hold=hold)
        return order.token


def available(engine: Engine) -> int:
    with db.transaction(engine) as session:
        return orders.find_event(session, EVENT).available


def test_concurrent_buyers_get_every_ticket_and_not_one_more(engine: Engine) -> None:
    def buy(_: int) -> str:
        try:
            return "sold" if reserve(engine, quantity=3) else ""
        except orders.Refused as refusal:
            return str(refusal)

    with ThreadPoolExecutor(16) as buyers:
        ends = Counter(buyers.map(buy, range(60)))
    assert ends == {"sold": 13, "There are only 1 left.": 47}
    assert reserve(engine) and available(engine) == 0


def test_an_order_is_paid_once_or_expires_once_and_never_both(engine: Engine) -> None:
    tokens = [reserve(engine, hold=0.3) for _ in range(25)]

    def race(number: int) -> None:
        with suppress(orders.Refused), db.transaction(engine) as session:
            orders.pay(session, tokens[number % 25]) if number % 3 else orders.expire(session)

    with ThreadPoolExecutor(8) as racers:
        list(racers.map(race, range(150)))
    with db.transaction(engine) as session:
        session.execute(update(Order).values(expires_at=db.now()))
        orders.expire(session)
        ends = Counter(session.scalars(select(Order.status)))
        mails = session.scalars(select(Job)).all()
    assert ends == Counter(confirmed=len(mails), expired=available(engine) - 15)


def test_each_job_goes_to_one_worker(engine: Engine) -> None:
    with db.transaction(engine) as session:
        session.add_all(Job(kind="confirmation", payload={}) for _ in range(30))

    def take(_: int) -> int | None:
        with db.transaction(engine) as session:
            job = worker.take(session)
            return job and job.id

    with ThreadPoolExecutor(6) as workers:
        taken = list(filter(None, workers.map(take, range(60))))
    assert len(taken) == len(set(taken)) == 30


def test_a_job_that_fails_is_taken_again_later_and_not_for_ever(engine: Engine) -> None:
    with db.transaction(engine) as session:
        session.add(Job(kind="confirmation", payload={}, run_at=db.now()))
        for _ in range(worker.ATTEMPTS):
            assert worker.take(session) is not None
            assert worker.take(session) is None
            session.execute(update(Job).values(run_at=db.now()))
        assert worker.take(session) is None


def test_migrations_make_the_tables_of_the_models(engine: Engine) -> None:
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_the_report_counts_what_is_paid(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    reserve(engine, quantity=5)
    token = reserve(engine, quantity=2)
    with db.transaction(engine) as session:
        orders.pay(session, token)
    ops.report(engine=engine)
    assert capsys.readouterr().out.splitlines() == [
        "night-trains: 0 of 120 sold, 0.00",
        "small-talk: 2 of 40 sold, 36.00",
        "tidal-quartet: 0 of 60 sold, 0.00",
    ]
