"""Mails: made from a template, delivered as files or by SMTP."""

import os
import smtplib
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from ticketd import orders, settings
from ticketd.db import transaction
from ticketd.models import Order
from ticketd.settings import config

_templates = Environment(
    loader=PackageLoader("ticketd"), undefined=StrictUndefined, trim_blocks=True
)


def send_confirmation(token: str) -> None:
    """The handler of the job `confirmation`."""
    with transaction() as session:
        message = confirmation(orders.find(session, token))
    deliver(message)


def confirmation(order: Order) -> EmailMessage:
    """The message; its id depends on the order alone, so that a second copy can be told."""
    text = _templates.get_template("confirmation.txt").render(
        order=order, event=order.event, shop=config["shop.name"], url=config["shop.url"].rstrip("/")
    )
    subject, _, body = text.partition("\n\n")
    message = EmailMessage(policy=SMTP)
    message["From"] = config["mail.sender"]
    message["To"] = order.email
    message["Subject"] = subject
    message["Message-ID"] = f"<{order.token}@ticketd>"
    message.set_content(body)
    return message


def deliver(message: EmailMessage) -> None:
    """By the transport of the configuration; raises OSError or smtplib.SMTPException."""
    if config["mail.transport"] == "smtp":
        _by_smtp(message)
    else:
        _as_file(message, settings.mail_dir())


def _by_smtp(message: EmailMessage) -> None:
    with smtplib.SMTP(config["mail.host"], config["mail.port"], timeout=15) as server:
        if config["mail.starttls"]:
            server.starttls()
        if user := config.get("mail.user"):
            server.login(user, config["mail.password"])
        server.send_message(message)


def _as_file(message: EmailMessage, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{message['Message-ID'][1:].partition('@')[0]}.eml"
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_bytes(bytes(message))
    draft.rename(path)
