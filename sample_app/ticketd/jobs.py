"""A queue in the database: a job is committed together with what makes it necessary.

Jobs are done at least once: taking one hides it for a while, and doing it deletes it.
What failed, and what a dying worker had, is therefore due again when that while is over.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ticketd.db import now
from ticketd.models import Job

LEASE = timedelta(minutes=2)
ATTEMPTS = 10


def enqueue(session: Session, kind: str, **payload: Any) -> None:
    session.add(Job(kind=kind, payload=payload, run_at=now()))


def take(session: Session) -> Job | None:
    """The job that waits longest, for `LEASE`; None when nothing is due.

    PostgreSQL's workers pass over what another one is taking (SKIP LOCKED).  SQLite has
    no such words, but one writer at a time: there, the statement as a whole decides.
    """
    due = (Job.run_at <= now(), Job.attempts < ATTEMPTS)
    first = select(Job.id).where(*due).order_by(Job.run_at).limit(1)
    return session.scalars(
        update(Job)
        .where(Job.id == first.with_for_update(skip_locked=True).scalar_subquery(), *due)
        .values(run_at=now() + LEASE, attempts=Job.attempts + 1)
        .returning(Job)
    ).one_or_none()
