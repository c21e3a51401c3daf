"""A queue in the database: a job is committed together with what makes it necessary.

At least once: a worker that dies loses its lease, and another one does the job again.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ticketd.db import now
from ticketd.models import Job


def enqueue(session: Session, kind: str, **payload: Any) -> None:
    session.add(Job(kind=kind, payload=payload, run_at=now()))


def take(session: Session) -> Job | None:
    """The job that waits longest, for `Job.LEASE`; None when nothing is due.

    PostgreSQL's workers pass over what another one is taking (SKIP LOCKED).  SQLite has
    no such words, but one writer at a time, and the condition holds in the same statement.
    """
    due = (Job.state == "waiting", Job.run_at <= now())
    first = select(Job.id).where(*due).order_by(Job.run_at).limit(1)
    return session.scalars(
        update(Job)
        .where(Job.id == first.with_for_update(skip_locked=True).scalar_subquery(), *due)
        .values(run_at=now() + Job.LEASE, attempts=Job.attempts + 1)
        .returning(Job)
    ).one_or_none()


def done(session: Session, job: Job) -> None:
    session.execute(update(Job).where(Job.id == job.id).values(state="done", error=""))


def failed(session: Session, job: Job, error: Exception) -> None:
    """Try again later, each time later; give up after `Job.ATTEMPTS`."""
    session.execute(
        update(Job)
        .where(Job.id == job.id)
        .values(
            state="failed" if job.attempts >= Job.ATTEMPTS else "waiting",
            run_at=now() + timedelta(seconds=5 * 2**job.attempts),
            error=f"{type(error).__name__}: {error}"[:200],
        )
    )
