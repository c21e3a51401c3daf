"""Taking a release through steps, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from relforge import command
from relforge.release import Release
from relforge.watch import Watch

Step = Callable[..., Release]  # with what was done ahead for it, if anything was
Steps = tuple[tuple[str, Step], ...]
Ahead = Mapping[str, Callable[[Release], Any]]  # by the name of the step that it is for


def run(release: Release, steps: Steps, watch: Watch, ahead: Ahead | None = None) -> Release:
    """Take the release through the steps.

    What is done ``ahead`` begins at once, beside the steps; the step of that
    name waits for it, is given it, and fails where it fails.  The end waits
    for what no step is given.
    """
    with ThreadPoolExecutor() as pool:
        begun = {name: pool.submit(prepare, release) for name, prepare in (ahead or {}).items()}
        try:
            for name, step in steps:
                with watch(name):
                    done = (begun[name].result(),) if name in begun else ()
                    release = step(release, *done)
        except BaseException:
            command.end_all()
            raise
    return release
