"""The page."""

from __future__ import annotations

from pathlib import Path

import alembic
import httpx
import psycopg
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader
from pydantic_settings import BaseSettings
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Settings(BaseSettings):
    """Read from the environment."""

    title: str = "bench"


class Base(DeclarativeBase):
    """Of all tables."""


class Item(Base):
    """One row."""

    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


app = FastAPI()
settings = Settings()
pages = Environment(loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True)


@app.get("/", response_class=HTMLResponse)
def index() -> str:
    """Tell which libraries answer."""
    used = [module.__name__ for module in (alembic, httpx, psycopg)]
    return pages.get_template("index.html").render(title=settings.title, used=used)
