"""Addresses that somebody wrote: urllib.parse raises ValueError for some of them."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from relforge.support.errors import UserError


def split_url(text: str, where: str = "") -> SplitResult:
    """The parts of an address; raises UserError for one without parts, such as ``https://[x``.

    Its ``hostname`` and ``port`` can be read without an error as well; ``where`` is the file and
    the line that it was written in.
    """
    try:
        found = urlsplit(text)
        _ = found.hostname, found.port
    except ValueError as error:
        raise UserError(
            f"{f'{where}: ' if where else ''}{text}: this is not a valid address: {error}",
            hint="write https://HOST/PATH, an IPv6 address in brackets",
        ) from None
    return found
