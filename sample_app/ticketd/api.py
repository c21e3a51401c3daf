"""The JSON API, and the shapes of what goes in and out."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, BeforeValidator, Field
from sqlalchemy import select

from ticketd import orders, rates
from ticketd.db import now, transaction
from ticketd.models import Event, Order
from ticketd.settings import config

router = APIRouter(prefix="/api")


class NewOrder(BaseModel):
    event: str
    email: str = Field(max_length=200, pattern=r"^[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+$")
    quantity: int = Field(1, ge=1, le=10)


# In cents, in each currency that there is a rate for.
Prices = Annotated[dict[str, int], BeforeValidator(rates.prices)]


class EventView(BaseModel, from_attributes=True):
    slug: str
    title: str
    venue: str
    time_zone: str
    starts_at: datetime = Field(validation_alias="local_start")
    available: int
    prices: Prices = Field(validation_alias="price_cents")


class OrderView(BaseModel, from_attributes=True):
    token: str
    status: str
    quantity: int
    amount_cents: int
    expires_at: datetime
    event: EventView


@router.get("/events", response_model=list[EventView])
def list_events() -> Sequence[Event]:
    coming = select(Event).where(Event.starts_at > now()).order_by(Event.starts_at)
    with transaction() as session:
        return session.scalars(coming).all()


@router.get("/events/{slug}", response_model=EventView)
def show_event(slug: str) -> Event:
    with transaction() as session:
        return orders.find_event(session, slug)


@router.post("/orders", response_model=OrderView, status_code=201)
def create_order(new: NewOrder) -> Order:
    """Reserve tickets; 409 when there are not enough."""
    hold = config["orders.hold"]
    with transaction() as session:
        return orders.reserve(session, new.event, email=new.email, quantity=new.quantity, hold=hold)


@router.get("/orders/{token}", response_model=OrderView)
def show_order(token: str) -> Order:
    with transaction() as session:
        return orders.find(session, token)


@router.post("/orders/{token}/pay", response_model=OrderView)
def pay_order(token: str) -> Order:
    """Confirm a reservation; 409 when it has expired."""
    with transaction() as session:
        return orders.pay(session, token)
