"""What a release runs: services and commands as `relforge init` means to write them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A service.  ``app``, ``run`` or ``exec``; ``modules`` are what it imports first."""

    name: str
    app: str = ""
    run: str = ""
    exec: tuple[str, ...] = ()
    server: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    listen: tuple[str, ...] = ()
    instances: int = 0
    ready: str | dict[str, str] = ""
    env: dict[str, str] = field(default_factory=dict)
    cwd: str | None = ""  # of the project; None: the state directory, whatever holds for others
    drain: str = ""
    required: bool | None = None
    singleton: bool = False
    modules: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()
    doubt: str = ""  # why it would not run: it is written as a comment, then


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCommand:
    """A command of the project's own: a program, or the function of a console script.

    Either way it has the words it always had.
    """

    name: str
    exec: tuple[str, ...] = ()
    call: str = ""
    help: str
    once: bool = False
    cwd: str | None = None  # of the project; None: wherever one types it
    env: dict[str, str] = field(default_factory=dict)
    modules: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()
    doubt: str = ""
