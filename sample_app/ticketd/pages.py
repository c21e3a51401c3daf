"""The pages: the API for people."""

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.templating import Jinja2Templates
from markupsafe import Markup

from ticketd import api, settings
from ticketd.assets import Assets
from ticketd.models import Event
from ticketd.rates import prices
from ticketd.settings import config

router = APIRouter(include_in_schema=False)
assets = Assets(settings.static_dir())


def start(event: Event) -> Markup:
    """By the venue's clock; the script adds the visitor's."""
    moment = event.local_start
    clock = f"{moment:%a %d %b %Y, %H:%M %Z}"
    return Markup('<time datetime="{}">{}</time>').format(moment.isoformat(), clock)


def money(cents: int) -> str:
    """The amount, and in brackets what it is about in other currencies."""
    first, *others = [f"{value / 100:.2f} {name}" for name, value in prices(cents).items()]
    return f"{first} (about {', '.join(others)})" if others else first


templates = Jinja2Templates(Path(__file__).with_name("templates"))
templates.env.filters |= {"start": start, "money": money}
templates.env.globals |= {"asset": assets.url, "shop": config["shop.name"]}


def page(request: Request, name: str, *, status: int = 200, **values: Any) -> Response:
    return templates.TemplateResponse(request, name, values, status_code=status)


@router.get("/")
def index(request: Request) -> Response:
    return page(request, "index.html", events=api.list_events())


@router.get("/events/{slug}")
def event(request: Request, slug: str) -> Response:
    return page(request, "event.html", event=api.show_event(slug))


@router.post("/orders")
def reserve(new: Annotated[api.NewOrder, Form()]) -> Response:
    return RedirectResponse(f"/orders/{api.create_order(new).token}", 303)


@router.get("/orders/{token}")
def order(request: Request, token: str) -> Response:
    return page(request, "order.html", order=api.show_order(token))


@router.post("/orders/{token}/pay")
def pay(token: str) -> Response:
    return RedirectResponse(f"/orders/{api.pay_order(token).token}", 303)
