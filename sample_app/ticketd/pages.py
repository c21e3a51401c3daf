"""The pages: they show what the API returns."""

from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.templating import Jinja2Templates
from jinja2 import Environment, PackageLoader, StrictUndefined

from ticketd import api, orders, settings
from ticketd.assets import Assets
from ticketd.settings import config

router = APIRouter(include_in_schema=False)
assets = Assets(settings.static_dir())


def _money(cents: int, currency: str) -> str:
    return f"{cents / 100:,.2f} {currency}"


def _clock(moment: datetime, time_zone: str) -> str:
    return f"{moment.astimezone(ZoneInfo(time_zone)):%a %d %b %Y, %H:%M %Z}"


_environment = Environment(
    loader=PackageLoader("ticketd"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters.update(money=_money, clock=_clock)
_environment.globals.update(asset=assets.url, shop=lambda: config["shop.name"])
_templates = Jinja2Templates(env=_environment)


@router.get("/")
def index(request: Request) -> Response:
    return _page(request, "index.html", events=api.list_events())


@router.get("/events/{slug}")
def event(request: Request, slug: str) -> Response:
    return _page(request, "event.html", event=api.show_event(slug), refusal=None)


@router.post("/orders")
def order_tickets(request: Request, new: Annotated[api.NewOrder, Form()]) -> Response:
    try:
        order = api.reserve(new)
    except orders.NotFound:
        raise
    except orders.Refused as refusal:
        shown = api.show_event(new.event)
        return _page(request, "event.html", status=409, event=shown, refusal=str(refusal))
    return RedirectResponse(f"/orders/{order.token}", 303)


@router.get("/orders/{token}")
def order(request: Request, token: str) -> Response:
    return _page(request, "order.html", order=api.show_order(token), refusal=None)


@router.post("/orders/{token}/pay")
def pay(request: Request, token: str) -> Response:
    try:
        api.pay_order(token)
    except orders.NotFound:
        raise
    except orders.Refused as refusal:
        shown = api.show_order(token)
        return _page(request, "order.html", status=409, order=shown, refusal=str(refusal))
    return RedirectResponse(f"/orders/{token}", 303)


def _page(request: Request, name: str, *, status: int = 200, **values: Any) -> Response:
    return _templates.TemplateResponse(request, name, values, status_code=status)
