"""The service `web`: pages for people, JSON for programs, probes for load balancers."""

import logging

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError

from ticketd import api, orders, pages, settings

log = logging.getLogger(__name__)
app = FastAPI(title="ticketd", version=settings.VERSION)
app.include_router(api.router)
app.include_router(pages.router)
app.mount("/static", pages.assets)


@app.get("/livez")
async def livez() -> dict[str, str]:
    """This process answers; it may do so without a database."""
    return {"status": "alive"}


@app.get("/readyz")
def readyz() -> dict[str, str]:
    """Customers can be served: the database is there, and has our tables."""
    api.list_events()
    return {"status": "ready"}


@app.get("/version")
async def version() -> dict[str, str]:
    return {"name": "ticketd", "version": app.version}


@app.exception_handler(orders.Refused)
async def refused(request: Request, error: orders.Refused) -> Response:
    return _failure(request, error.status, str(error))


@app.exception_handler(DBAPIError)
async def unavailable(request: Request, error: DBAPIError) -> Response:
    log.warning("the database does not serve: %s", error.orig)
    return _failure(request, 503, "The shop is closed for a moment. Please come back.")


def _failure(request: Request, status: int, detail: str) -> Response:
    if "text/html" in request.headers.get("accept", ""):
        return pages.render(request, "failure.html", {"detail": detail}, status_code=status)
    return JSONResponse({"detail": detail}, status)
