"""The service `worker`: does the jobs in the database, and ends reservations nobody paid.

Jobs are done at least once: taking one hides it for a while, and doing it deletes it.
What failed, and what a dying worker had, is therefore due again when that while is over.
"""

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from ticketd import mails, orders
from ticketd.db import now, transaction
from ticketd.models import Job
from ticketd.settings import config

log = logging.getLogger(__name__)

HANDLERS: dict[str, Callable[..., None]] = {"confirmation": mails.send_confirmation}
LEASE = timedelta(minutes=2)
ATTEMPTS = 10


def main() -> None:
    """Work until SIGTERM; what has begun is finished first."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    asyncio.run(_main())


async def _main() -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(repeat(work, config["worker.poll"], stop))
        tasks.create_task(repeat(expire, config["worker.expire_every"], stop))
        notify("READY=1")
        await stop.wait()
        notify("STOPPING=1")


async def repeat(task: Callable[[], object], pause: float, stop: asyncio.Event) -> None:
    """Call the task until `stop`: at once when it had something to do, else after the pause."""
    complaint = ""
    while not stop.is_set():
        try:
            if await asyncio.to_thread(task):
                continue
            complaint = ""
        except DBAPIError as error:  # it is away, or not migrated yet: both end by themselves
            if str(error.orig) != complaint:
                complaint = str(error.orig)
                log.warning("%s: the database does not serve: %s", task.__name__, complaint)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)


def notify(state: str) -> None:
    """sd_notify(3): tell systemd, or whoever else started this process, how it is doing."""
    if address := os.environ.get("NOTIFY_SOCKET"):
        name = "\0" + address[1:] if address.startswith("@") else address  # abstract, or a path
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(state.encode(), name)


def work() -> bool:
    """Do one job; False when none is due."""
    with transaction() as session:
        job = take(session)
    if job is None:
        return False
    try:
        HANDLERS[job.kind](**job.payload)
    except Exception:
        log.exception("%s %s: attempt %s failed", job.kind, job.payload, job.attempts)
    else:
        with transaction() as session:
            session.delete(job)
    return True


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


def expire() -> None:
    with transaction() as session:
        if ended := orders.expire(session):
            log.info("%s reservations were not paid: their tickets are back on sale", ended)
