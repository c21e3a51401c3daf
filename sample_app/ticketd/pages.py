"""The pages, which are the API for people, and the compiled assets that they name."""

import json
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates

from ticketd import api, settings
from ticketd.rates import prices
from ticketd.settings import config

router = APIRouter(include_in_schema=False)


class Assets(StaticFiles):
    """Files of a folder; browsers keep those with fingerprinted names for ever."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, check_dir=False)
        manifest = folder / "cache_manifest.json"  # {"app.css": "app-0a1b2c3d.css"}
        self.names: dict[str, str] = json.loads(manifest.read_text()) if manifest.exists() else {}

    def url(self, name: str) -> str:
        return f"/static/{self.names.get(name, name)}"

    async def get_response(self, path: str, scope: Any) -> Response:
        response = await super().get_response(path, scope)
        known = path in self.names.values()
        response.headers["Cache-Control"] = "max-age=31536000, immutable" if known else "no-cache"
        return response


def money(cents: int) -> str:
    """The amount, and in brackets what it is about in other currencies."""
    first, *others = [f"{value / 100:.2f} {name}" for name, value in prices(cents).items()]
    return f"{first} (about {', '.join(others)})" if others else first


assets = Assets(settings.static_dir())
templates = Jinja2Templates(Path(__file__).with_name("templates"))
templates.env.filters["money"] = money
templates.env.globals |= {"asset": assets.url, "shop": config["shop.name"]}
render = templates.TemplateResponse


@router.get("/")
def index(request: Request) -> Response:
    return render(request, "events.html", {"events": api.list_events()})


@router.get("/events/{slug}")
def event(request: Request, slug: str) -> Response:
    return render(request, "events.html", {"events": [api.show_event(slug)], "form": True})


@router.post("/orders")
def reserve(new: Annotated[api.NewOrder, Form()]) -> Response:
    return RedirectResponse(f"/orders/{api.create_order(new).token}", 303)


@router.get("/orders/{token}")
def order(request: Request, token: str) -> Response:
    return render(request, "order.html", {"order": api.show_order(token)})


@router.post("/orders/{token}/pay")
def pay(token: str) -> Response:
    return RedirectResponse(f"/orders/{api.pay_order(token).token}", 303)
