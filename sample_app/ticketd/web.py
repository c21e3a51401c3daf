"""The service `web`: pages for people, JSON for programs, probes for load balancers."""

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from ticketd import api, orders, pages, settings
from ticketd.db import transaction
from ticketd.models import Event

app = FastAPI(title="ticketd", version=settings.shop_version())
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
    with transaction() as session:
        session.execute(select(Event.id).limit(1))
    return {"status": "ready"}


@app.get("/version")
async def version() -> dict[str, str]:
    return {"name": "ticketd", "version": app.version}


@app.exception_handler(orders.Refused)
async def refused(request: Request, error: orders.Refused) -> Response:
    return _failure(request, 404 if isinstance(error, orders.NotFound) else 409, str(error))


@app.exception_handler(DBAPIError)
async def unavailable(request: Request, error: DBAPIError) -> Response:
    return _failure(request, 503, str(error.orig).partition("\n")[0])


def _failure(request: Request, status: int, detail: str) -> Response:
    if "text/html" in request.headers.get("accept", ""):
        return pages.page(request, "failure.html", status=status, detail=detail)
    return JSONResponse({"detail": detail}, status)
