"""Taking a release through steps, one after the other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from typing import Any, TypeVar

from relforge.model.release import Release
from relforge.support import command
from relforge.support.progress import Watch

T = TypeVar("T")
Step = Callable[..., Release]  # with what was done ahead for it, if anything was
Steps = tuple[tuple[str, Step], ...]
Ahead = Mapping[str, Callable[[Release], Any]]  # by the name of the step that it is for
GRACE = 0.5  # seconds after a failure, for what was begun to notice that its commands were ended


def run(release: Release, steps: Steps, watch: Watch, ahead: Ahead | None = None) -> Release:
    """Take the release through the steps.

    What is done ``ahead`` begins at once, beside the steps; the step of that
    name waits for it, is given it, and fails where it fails.  The end waits
    for what no step is given.
    """
    command.allow()
    begun = {name: begin(prepare, release) for name, prepare in (ahead or {}).items()}
    try:
        for name, step in steps:
            with watch(name):
                done = (begun[name].result(),) if name in begun else ()
                release = step(release, *done)
    except BaseException:
        command.end_all()
        wait(begun.values(), GRACE)
        raise
    wait(begun.values())
    return release


def begin(work: Callable[[Release], T], release: Release) -> Future[T]:
    """Do it in a thread for which nobody waits who is interrupted, as for a download that hangs.

    What it leaves half done then is what a killed build leaves, and the next one sweeps.
    """
    done: Future[T] = Future()

    def worker() -> None:
        try:
            done.set_result(work(release))
        except BaseException as error:  # raised again where the result is asked for
            done.set_exception(error)

    threading.Thread(target=worker, daemon=True).start()
    return done
