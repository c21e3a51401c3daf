"""The service `worker`: does the jobs of the queue, and ends reservations that nobody paid."""

import asyncio
import logging
import signal
import time
from collections.abc import Callable
from contextlib import suppress

from sqlalchemy.exc import DBAPIError

from ticketd import jobs, mails, orders
from ticketd.db import transaction
from ticketd.notify import notify
from ticketd.settings import config

log = logging.getLogger(__name__)

HANDLERS: dict[str, Callable[..., None]] = {"confirmation": mails.send_confirmation}


def main() -> None:
    """Work until SIGTERM; a job that has begun is finished first."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    asyncio.run(_main())


async def _main() -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    expire_at = 0.0
    notify("READY=1")
    log.info("ready")
    while not stop.is_set():
        pause = config["worker.poll"]
        try:
            if time.monotonic() >= expire_at:
                await asyncio.to_thread(expire_reservations)
                expire_at = time.monotonic() + config["worker.expire_every"]
            while not stop.is_set() and await asyncio.to_thread(work):
                pass
        except DBAPIError as error:
            # It may be away for a while, or not migrated yet: both end without a restart.
            log.warning("the database does not do: %s", error.orig)
            pause = max(pause, 2.0)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)
    notify("STOPPING=1")
    log.info("stopped")


def work() -> bool:
    """Do one job; False when none is due."""
    with transaction() as session:
        job = jobs.take(session)
    if job is None:
        return False
    try:
        HANDLERS[job.kind](**job.payload)
    except Exception as error:
        log.exception("job %s (%s) failed, attempt %s", job.id, job.kind, job.attempts)
        with transaction() as session:
            jobs.failed(session, job, error)
    else:
        with transaction() as session:
            jobs.done(session, job)
        log.info("job %s (%s) is done", job.id, job.kind)
    return True


def expire_reservations() -> int:
    """Give the tickets of unpaid reservations back; returns how many."""
    returned = 0
    while True:
        with transaction() as session:
            tickets = orders.expire(session)
        if not tickets:
            break
        returned += tickets
    if returned:
        log.info("%s tickets of unpaid reservations are back on sale", returned)
    return returned
