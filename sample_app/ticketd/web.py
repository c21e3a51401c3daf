"""The service `web`: pages for people, JSON for programs, probes for load balancers."""

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from ticketd import api, orders, pages, settings
from ticketd.db import transaction
from ticketd.models import Event

app = FastAPI(title="ticketd", version=settings.version())
app.include_router(api.router)
app.include_router(pages.router)
app.mount("/static", pages.assets)


@app.get("/livez", tags=["probes"])
async def livez() -> dict[str, str]:
    """This process answers; it may do so without a database."""
    return {"status": "alive"}


@app.get("/readyz", tags=["probes"])
def readyz() -> dict[str, str]:
    """Customers can be served: the database is there, and has our tables."""
    with transaction() as session:
        session.execute(select(Event.id).limit(1))
    return {"status": "ready"}


@app.get("/version", tags=["probes"])
async def version() -> dict[str, str]:
    return {"name": "ticketd", "version": app.version}


@app.exception_handler(orders.Refused)
async def refused(_request: Request, error: orders.Refused) -> JSONResponse:
    status = 404 if isinstance(error, orders.NotFound) else 409
    return JSONResponse({"detail": str(error)}, status)


@app.exception_handler(DBAPIError)
async def no_database(_request: Request, error: DBAPIError) -> JSONResponse:
    first_line = str(error.orig).partition("\n")[0]
    return JSONResponse({"status": "unavailable", "detail": first_line}, 503)
