"""The service `worker`: does the jobs of the queue, and ends reservations that nobody paid."""

import asyncio
import logging
import os
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress

from sqlalchemy.exc import DBAPIError

from ticketd import jobs, mails, orders
from ticketd.db import transaction
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
    while not stop.is_set():
        try:
            if time.monotonic() >= expire_at:
                await asyncio.to_thread(expire)
                expire_at = time.monotonic() + config["worker.expire_every"]
            while not stop.is_set() and await asyncio.to_thread(work):
                pass
        except DBAPIError as error:  # it is away, or not migrated yet: both end by themselves
            log.warning("the database does not serve: %s", error.orig)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), config["worker.poll"])
    notify("STOPPING=1")


def notify(state: str) -> None:
    """sd_notify(3): tell systemd, or whoever else started this process, how it is doing."""
    if address := os.environ.get("NOTIFY_SOCKET"):
        if address.startswith("@"):  # an abstract socket
            address = "\0" + address[1:]
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(state.encode(), address)


def work() -> bool:
    """Do one job; False when none is due."""
    with transaction() as session:
        job = jobs.take(session)
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


def expire() -> None:
    with transaction() as session:
        if tickets := orders.expire(session):
            log.info("%s unpaid tickets are back on sale", tickets)
