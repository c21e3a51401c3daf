"""Signs of life for a supervisor that waits for them: from where the work is done.

A process that is stopped, or whose loop or interpreter hangs, gives none.
"""

from __future__ import annotations

from . import notify

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

SHARE = 4  # signs in the time that one of them may take


def on_loop(loop: AbstractEventLoop, seconds: float) -> None:
    """From the event loop, for as long as it runs; nothing where ``seconds`` is 0."""
    if not seconds:
        return

    def sign() -> None:
        notify.alive()
        loop.call_later(seconds / SHARE, sign)

    sign()


def from_thread(seconds: float) -> None:
    """From a thread, until the application gives signs by itself: `relforge.runtime.alive`."""
    if not seconds:
        return
    import threading
    import time

    def signs() -> None:
        while not notify.by_hand:
            notify.notify("WATCHDOG=1")
            time.sleep(seconds / SHARE)

    threading.Thread(target=signs, name="relforge-watchdog", daemon=True).start()
