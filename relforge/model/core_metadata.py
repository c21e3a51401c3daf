"""What the METADATA of an installed package says (core metadata, PEP 566 and PEP 639)."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import Message
from email.parser import HeaderParser

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name


def parse(text: bytes) -> Message:
    """The head of the file; what is not UTF-8 is replaced."""
    return HeaderParser().parsestr(text.decode("utf-8", "replace"))


def licence(head: Message) -> str:
    """An SPDX expression where there is one, else the names that were chosen; "" if none was."""
    if expression := head.get("License-Expression"):
        return str(expression)
    classes = [row for row in head.get_all("Classifier", ()) if row.startswith("License :: ")]
    if classes:
        return ", ".join(sorted(row.rpartition(" :: ")[2] for row in classes))
    written = str(head.get("License", "")).strip().splitlines()
    return written[0][:60] if written else ""


def requires(head: Message) -> Iterator[str]:
    """The names of what it depends on, whatever the markers say."""
    for text in head.get_all("Requires-Dist", ()):
        try:
            yield canonicalize_name(Requirement(text).name)
        except InvalidRequirement:
            continue
