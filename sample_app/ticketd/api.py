"""The JSON API, and the shapes of what goes in and out."""

from datetime import datetime
from typing import Self

from fastapi import APIRouter
from pydantic import BaseModel, Field

from ticketd import orders
from ticketd.db import transaction
from ticketd.models import Event, Order
from ticketd.rates import rates
from ticketd.settings import config

router = APIRouter(prefix="/api", tags=["shop"])


class NewOrder(BaseModel):
    event: str = Field(examples=["night-trains"])
    email: str = Field(max_length=200, pattern=r"^[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+$")
    quantity: int = Field(1, ge=1, le=10)


class EventView(BaseModel):
    slug: str
    title: str
    venue: str
    city: str
    starts_at: datetime = Field(description="with the offset of the venue's time zone")
    time_zone: str
    available: int
    price_cents: int
    currency: str
    converted: dict[str, int] = Field(description="the price in other currencies, where known")

    @classmethod
    def of(cls, event: Event) -> Self:
        return cls(
            slug=event.slug,
            title=event.title,
            venue=event.venue.name,
            city=event.venue.city,
            starts_at=event.local_start,
            time_zone=event.venue.time_zone,
            available=event.available,
            price_cents=event.price_cents,
            currency=config["shop.currency"],
            converted=rates().convert(event.price_cents, config["rates.currencies"]),
        )


class OrderView(BaseModel):
    token: str
    status: str
    quantity: int
    amount_cents: int
    expires_at: datetime
    event: EventView

    @classmethod
    def of(cls, order: Order) -> Self:
        return cls(
            token=order.token,
            status=order.status,
            quantity=order.quantity,
            amount_cents=order.amount_cents,
            expires_at=order.expires_at,
            event=EventView.of(order.event),
        )


@router.get("/events")
def list_events() -> list[EventView]:
    with transaction() as session:
        events = orders.upcoming(session)
    return [EventView.of(event) for event in events]


@router.get("/events/{slug}")
def show_event(slug: str) -> EventView:
    with transaction() as session:
        event = orders.find_event(session, slug)
    return EventView.of(event)


@router.post("/orders", status_code=201)
def create_order(new: NewOrder) -> OrderView:
    """Reserve tickets; 409 when there are not enough."""
    return reserve(new)


@router.get("/orders/{token}")
def show_order(token: str) -> OrderView:
    with transaction() as session:
        order = orders.find(session, token)
    return OrderView.of(order)


@router.post("/orders/{token}/pay")
def pay_order(token: str) -> OrderView:
    """Confirm a reservation; 409 when it has expired."""
    with transaction() as session:
        orders.pay(session, token)
    return show_order(token)


def reserve(new: NewOrder) -> OrderView:
    with transaction() as session:
        order = orders.reserve(
            session,
            new.event,
            email=new.email,
            quantity=new.quantity,
            hold=config["orders.hold"],
        )
    return show_order(order.token)
