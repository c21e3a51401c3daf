"""How many clients one process serves at once: no user keeps another one out."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

MOST_CLIENTS = 32  # root
MOST_OF_SERVICE = 31  # the service's user: one place is kept for root
MOST_OF_GUESTS = 28  # users that `console` admits: the rest is kept for these two
MOST_OF_ONE_GUEST = 8


def refusal(uid: int, connected: Sequence[int], owners: Collection[int]) -> str:
    """Why ``uid`` gets no place; "" if it gets one.

    ``connected`` holds the uid of each client that is there, ``owners`` those
    that the service runs as.
    """
    if uid not in owners and uid:
        own = connected.count(uid)
        if own >= MOST_OF_ONE_GUEST:
            return f"{own} clients of uid {uid} are connected already"
    limit = MOST_CLIENTS if not uid else MOST_OF_SERVICE if uid in owners else MOST_OF_GUESTS
    return f"{len(connected)} clients are connected already" if len(connected) >= limit else ""
