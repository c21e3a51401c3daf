"""The text of a file; one that is missing, unreadable, not text or too large is named."""

from __future__ import annotations

from ..provider import Failure, read_options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..provider import Context

MOST = 16 << 20  # bytes


class Document:
    """What the providers of one file have in common; `parse` makes a layer of its text."""

    def init(self, options: dict[str, Any]) -> dict[str, Any]:
        """Options: ``path``, ``optional``."""
        return read_options(options, {"path": (str, None), "optional": (bool, False)}, ("path",))

    def read(self, state: dict[str, Any], context: Context) -> tuple[str, str] | None:
        """The path and the text, None where an optional file is not there; raises Failure."""
        path = context.path(state["path"], optional=state["optional"])
        text = None if path is None else read_text(path, optional=state["optional"])
        return None if path is None or text is None else (path, text)

    def ways(self, state: dict[str, Any], key: str) -> list[str]:
        return [f"{key} in {state['path']}"]


def read_text(path: str, *, optional: bool) -> str | None:
    """A file's text, None where an optional file is not there; raises Failure.

    Only a missing file is optional: one that is there must be readable.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(MOST + 1)
        if len(data) > MOST:
            raise Failure(f"{path}: more than {MOST >> 20} MiB")
        return data.decode("utf-8-sig")  # a byte order mark is not part of the text
    except (FileNotFoundError, NotADirectoryError):
        if optional:
            return None
        raise Failure(f"{path}: no such file") from None
    except UnicodeDecodeError as error:
        raise Failure(f"{path}: not UTF-8 at byte {error.start}") from None
    except OSError as error:
        raise Failure(f"{path}: {error.strerror}") from None
    except ValueError:
        raise Failure(f"{path!r}: not a path") from None


def without_line_end(text: str) -> str:
    """The text without the one line end that editors and `echo` leave."""
    return text.removesuffix("\n").removesuffix("\r") if text.endswith("\n") else text
