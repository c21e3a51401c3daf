"""Answers with its version, on /long after a while."""

import asyncio

from shelf import VERSION


async def app(scope, receive, send):
    if scope["path"] == "/long":
        await asyncio.sleep(0.5)
    body = VERSION.encode()
    head = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": body})
