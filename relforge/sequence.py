"""Taking a release through steps, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from relforge import command
from relforge.release import Release
from relforge.watch import Watch

Step = Callable[[Release], Release]
Steps = tuple[tuple[str, Step], ...]
Ahead = tuple[Callable[[Release], str | None], ...]


def run(release: Release, steps: Steps, watch: Watch, ahead: Ahead = ()) -> Release:
    """Take the release through the steps.

    What is done ``ahead`` fills the cache for them, and tells which layer it
    had to make; a step that needs it waits for it, or fails in the same way.
    """
    with ThreadPoolExecutor() as pool:
        begun = [pool.submit(prepare, release) for prepare in ahead]
        try:
            for name, step in steps:
                with watch(name):
                    release = step(release)
        except BaseException:
            command.end_all()
            raise
    made = {row.result() for row in begun if row.exception() is None}
    layers = (replace(row, cached=row.cached and row.name not in made) for row in release.layers)
    return replace(release, layers=tuple(layers))
