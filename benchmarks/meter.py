"""A load meter: clients of several manners, and every request that fails.

    python benchmarks/meter.py [tls:]HOST:PORT... < pipe      until its stdin is closed

A line there is answered by a line with what has been answered so far.
Nothing is tried twice.  A request has failed when it cannot be sent, when no
whole answer comes, and when the answer is not 200; a connection that a server
closes without having said so before costs the request that was on its way.
Prints one JSON object: ``answered`` by manner, ``failed`` with reasons,
``p50`` and ``p99`` in milliseconds of the plain requests.
"""

from __future__ import annotations

import asyncio
import json
import random
import ssl
import sys
import time
from collections import Counter
from typing import Any

MANNERS = {"kept": 8, "single": 6, "slow": 4, "long": 3}  # clients of each, for one address
LIMIT = 30.0  # seconds for one request
PAUSE = 0.012  # seconds between two of one client, on average
BIT = 0.05  # seconds between the pieces of a slow client
TLS = "tls:"
# Whose certificate it is, is not asked: it changes.
ANY = ssl.create_default_context()
ANY.check_hostname, ANY.verify_mode = False, ssl.CERT_NONE


class Meter:
    """What the clients have seen."""

    def __init__(self) -> None:
        self.answered: Counter[str] = Counter()
        self.versions: Counter[str] = Counter()
        self.failed: list[str] = []
        self.times: list[float] = []
        self.over = asyncio.Event()

    async def client(self, address: str, manner: str) -> None:
        """Ask until it is over, on connections that are kept or not."""
        while not self.over.is_set():
            try:
                await self._connection(address, manner)
            except (OSError, EOFError, ValueError, TimeoutError) as error:
                self.failed.append(f"{manner} {address}: {error!r}")
                await asyncio.sleep(PAUSE)

    async def _connection(self, address: str, manner: str) -> None:
        host, _, port = address.removeprefix(TLS).rpartition(":")
        context = ANY if address.startswith(TLS) else None
        async with asyncio.timeout(LIMIT):
            reader, writer = await asyncio.open_connection(host, int(port), ssl=context)
        try:
            again = True
            while again and not self.over.is_set():
                began = time.monotonic()
                async with asyncio.timeout(LIMIT):
                    closes = await self._ask(reader, writer, manner)
                self.answered[manner] += 1
                if manner in ("kept", "single"):
                    self.times.append(time.monotonic() - began)
                again = manner in ("kept", "slow") and not closes
                await asyncio.sleep(random.uniform(0, 2 * PAUSE))
        finally:
            writer.close()

    async def _ask(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, manner: str
    ) -> bool:
        """One request; does the server close the connection now?"""
        path = "/long" if manner == "long" else "/"
        keep = "close" if manner in ("single", "long") else "keep-alive"
        head = f"GET {path} HTTP/1.1\r\nHost: bench\r\nConnection: {keep}\r\n\r\n".encode()
        size = len(head) // 4 + 1 if manner == "slow" else len(head)
        for at in range(0, len(head), size):
            writer.write(head[at : at + size])
            await writer.drain()
            if manner == "slow":
                await asyncio.sleep(BIT)
        line, *rows = (await reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
        fields = dict(row.split(": ", 1) for row in rows if row)
        body = await reader.readexactly(int(fields["content-length"]))
        if line.split()[1] != "200":
            raise ValueError(f"{line} {body[:80]!r}")
        self.versions[body.decode()] += 1
        return fields.get("connection") == "close" or keep == "close"

    def report(self) -> dict[str, Any]:
        times = sorted(self.times) or [0.0]
        return {
            "answered": dict(self.answered),
            "versions": dict(self.versions),
            "failed": self.failed,
            "p50": round(times[len(times) // 2] * 1000, 2),
            "p99": round(times[len(times) * 99 // 100] * 1000, 2),
        }


async def main(addresses: list[str]) -> None:
    meter = Meter()
    tasks = [
        asyncio.create_task(meter.client(address, manner))
        for address in addresses
        for manner, count in MANNERS.items()
        for _ in range(count)
    ]
    while await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps({"answered": sum(meter.answered.values())}), flush=True)
    meter.over.set()
    await asyncio.gather(*tasks)
    print(json.dumps(meter.report()))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
