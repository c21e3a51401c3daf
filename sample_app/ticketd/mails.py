"""Mails: made from a template, delivered as files or by SMTP."""

import os
import smtplib
from email.message import EmailMessage
from email.utils import localtime
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from ticketd import orders
from ticketd.db import transaction
from ticketd.settings import config, state_dir

templates = Environment(loader=PackageLoader("ticketd"), undefined=StrictUndefined)


def send_confirmation(token: str) -> None:
    """The handler of the job `confirmation`; raises OSError where the mail does not go out."""
    with transaction() as session:
        order = orders.find(session, token)
    text = templates.get_template("confirmation.txt").render(order=order, shop=config["shop"])
    subject, _, body = text.partition("\n\n")
    message = EmailMessage()
    message["From"] = config["mail.sender"]
    message["To"] = order.email
    message["Subject"] = subject
    message["Date"] = localtime()
    message["Message-ID"] = f"<{token}@ticketd>"  # by which a second copy can be told
    message.set_content(body)
    if config["mail.transport"] == "smtp":
        _by_smtp(message)
    else:
        _as_file(message)


def _by_smtp(message: EmailMessage) -> None:
    to = config["mail.smtp"]
    with smtplib.SMTP(to["host"], to["port"], timeout=15) as server:
        if to["starttls"]:
            server.starttls()
        if to["user"]:
            server.login(to["user"], to["password"])
        server.send_message(message)


def _as_file(message: EmailMessage) -> None:
    folder = Path(config.get("mail.dir") or state_dir() / "mails")
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{os.getpid()}"
    draft.write_bytes(bytes(message))
    draft.rename(folder / f"{message['Message-ID'].strip('<>').partition('@')[0]}.eml")
