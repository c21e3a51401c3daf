"""The queue, with several workers, on both databases."""

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Engine, select, update
from ticketd import db, jobs
from ticketd.models import Job


def enqueue(engine: Engine, count: int) -> None:
    with db.sessions(engine).begin() as session:
        for number in range(count):
            jobs.enqueue(session, "confirmation", number=number)


def take(engine: Engine) -> Job | None:
    with db.sessions(engine).begin() as session:
        return jobs.take(session)


def test_each_job_goes_to_one_worker(engine: Engine) -> None:
    enqueue(engine, 30)

    def work(_: int) -> list[int]:
        taken = []
        while job := take(engine):
            taken.append(job.payload["number"])
        return taken

    with ThreadPoolExecutor(6) as workers:
        taken = [number for numbers in workers.map(work, range(6)) for number in numbers]
    # A worker may see nothing due while another one takes the last: nobody waits for it.
    while job := take(engine):
        taken.append(job.payload["number"])
    assert sorted(taken) == list(range(30))


def test_a_job_whose_worker_died_is_due_again_after_its_lease(engine: Engine) -> None:
    enqueue(engine, 1)
    first = take(engine)
    assert first is not None and take(engine) is None
    with db.sessions(engine).begin() as session:
        session.execute(update(Job).values(run_at=first.run_at - Job.LEASE))
    again = take(engine)
    assert again is not None and (again.id, again.attempts) == (first.id, 2)


def test_a_failing_job_waits_longer_each_time_and_ends(engine: Engine) -> None:
    enqueue(engine, 1)
    waits = []
    for _ in range(Job.ATTEMPTS):
        with db.sessions(engine).begin() as session:
            session.execute(update(Job).values(run_at=db.now()))
            job = jobs.take(session)
            assert job is not None
            before = db.now()
            jobs.failed(session, job, OSError("no route"))
            waits.append(session.scalars(select(Job.run_at)).one() - before)
    assert waits == sorted(waits) and waits[-1] > 50 * waits[0]
    with db.sessions(engine)() as session:
        ended = session.execute(select(Job.state, Job.error)).one()
    assert ended == ("failed", "OSError: no route")
    assert take(engine) is None
