"""How far the replacement of one generation by another has come: `replace` has the rules."""

from __future__ import annotations

from .values import Row

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from ..generation import Generation

START, HANDING, TAKING, DRAINING, BACK = (
    "starting",
    "handing over",
    "taking over",
    "draining",
    "going back",
)
FORWARD = (START, HANDING, TAKING)


class FailureReason(Row):
    """Why it did not come to pass; the last lines of process ``key`` explain it, 0 for none.

    ``lines`` are lines that are known already.
    """

    def __init__(self, message: str, key: int = 0, lines: Collection[str] = ()) -> None:
        self.message = message
        self.key = key
        self.lines = list(lines)


Places = frozenset[tuple[str, int]]


def everywhere(names: Iterable[str]) -> Places:
    """All places of the services of these names."""
    return frozenset((name, 0) for name in names)


def named(text: str) -> Places:
    """``web`` and ``web.2`` as places; none for ""."""
    name, _, number = text.partition(".")
    return frozenset({(name, int(number or 0))}) if name else frozenset()


def covers(places: Places, name: str, instance: int) -> bool:
    """Is the place of that instance one of them?  (name, 0) is every instance of a service."""
    return (name, 0) in places or (name, instance) in places


class Replacement(Row):
    """Processes of ``new`` take ``places``; what ``new`` lacks goes, in any case.

    From DRAINING on the world's generation is the new one, and sockets that only
    the old one had are closed; neither configuration is.

    A new process starts when the one before it is ready, those first that
    others depend on.  ``at_once`` is for a time that has none to lose.  ``asker`` is the
    key of a process that has asked for its successor, 0 where an operation replaces.
    """

    def __init__(
        self,
        old: Generation,
        new: Generation,
        places: Places,
        once: frozenset[str],
        *,
        at_once: bool = False,
        asker: int = 0,
    ) -> None:
        self.stage = START
        self.old = old
        self.new = new
        self.places = places
        self.at_once = at_once
        self.asker = asker
        self.failure: FailureReason | None = None
        self.handed: tuple[int, ...] = ()  # keys of old ones that make room for a new one
        # What old ones leave, by the names of processes: descriptors, -1 for nothing.
        self.kept: dict[str, int] = {}
        self.once = once  # names of services of which one at a time may run
        self.last = 0  # the key of the one that was started last
        self.queue: tuple[int, ...] = ()  # of those that are to start
