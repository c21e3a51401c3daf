"""A client that asks a service without a pause, and counts what fails."""

from __future__ import annotations

import http.client
import threading
import time
from types import TracebackType

PATIENCE = 20  # seconds for one answer
PAUSE = 0.003  # seconds between two requests: the service is what is tested


class Asking(threading.Thread):
    """Asks ``GET /`` until the end of the `with` block; no request is tried twice.

    ``answers`` are the bodies in order, ``failed`` the errors.  With ``keep`` a
    connection is used until the server says that it closes it.
    """

    def __init__(self, address: str, *, keep: bool = False) -> None:
        super().__init__()
        self._address = address
        self._keep = keep
        self._enough = threading.Event()
        self.answers: list[str] = []
        self.failed: list[str] = []

    def __enter__(self) -> Asking:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._enough.set()
        self.join()

    def run(self) -> None:
        while not self._enough.is_set():
            connection = http.client.HTTPConnection(self._address, timeout=PATIENCE)
            try:
                while not self._enough.is_set() and self._ask(connection):
                    time.sleep(PAUSE)
            except (OSError, http.client.HTTPException) as error:
                self.failed.append(repr(error))
            finally:
                connection.close()
                time.sleep(PAUSE)

    def _ask(self, connection: http.client.HTTPConnection) -> bool:
        """One request; may the next come on the same connection?"""
        connection.request("GET", "/")
        answer = connection.getresponse()
        body = answer.read().decode()
        if answer.status == 200:
            self.answers.append(body)
        else:
            self.failed.append(f"{answer.status} {body}")
        return self._keep and not answer.will_close
