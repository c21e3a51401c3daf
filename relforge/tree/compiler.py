"""Compiling trees, by the interpreter that will run them."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from importlib.resources import files
from pathlib import Path
from typing import Any, Self

from relforge.support import command

COMPILING = "compiling the modules"


class Compiler:
    """An interpreter that compiles tree after tree; a context manager.

    It starts with the first of them.  Threads may share it: they take turns.
    """

    def __init__(self, python: Path | None) -> None:
        """Without an interpreter nothing is compiled.

        The modules are for another CPU then, and this host has no Python of their version.
        """
        self._python = python
        self._process: subprocess.Popen[Any] | None = None
        self._turn = threading.Lock()
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._open.__exit__(*error)  # type: ignore[arg-type]  # the three of the protocol

    def compile(
        self, directory: Path, installed: Path | None = None, only: Sequence[str] = ()
    ) -> None:
        """Compile every module below the directory, or ``only`` those; the result is reproducible.

        ``installed`` is where equal modules may have bytecode of that interpreter
        already, which is used: the result is the same, in a tenth of the time.

        A module that does not compile (a template, a test of syntax) is passed
        over; bytecode that cannot be written is a UserError, since a tree that
        lacks some of it by accident is not the same tree.
        """
        if self._python is None:
            return
        request = os.fsencode("\0".join([str(directory), str(installed or ""), *only]))
        with self._turn:
            status, output = self._answer(self._python, request)
        if status:
            raise command.failed(
                f"{COMPILING} in {directory}", f"`{self._python}`", status, output.splitlines()
            )

    def _answer(self, python: Path, request: bytes) -> tuple[int, str]:
        """The status and the output of the process that did it."""
        if self._process is None:
            words = [str(python), "-I", "-S", "-B", "-c", _program()]
            self._process = self._open.enter_context(command.conversation(words, what=COMPILING))
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        with suppress(BrokenPipeError):  # it has ended: so has its output
            process.stdin.write(_number(len(request)) + request)
            process.stdin.flush()
        head = process.stdout.read(8)
        if len(head) < 8:
            said = process.stderr.read().decode(errors="replace")
            return process.wait() or 1, said
        status = int.from_bytes(head[:4], "little", signed=True)
        output = process.stdout.read(int.from_bytes(head[4:], "little"))
        return status, output.decode(errors="replace")


def compile_tree(
    python: Path | None, directory: Path, installed: Path | None = None, only: Sequence[str] = ()
) -> None:
    """Compile one tree; see `Compiler`."""
    with Compiler(python) as compiler:
        compiler.compile(directory, installed, only)


def _number(value: int) -> bytes:
    return value.to_bytes(4, "little")


def _program() -> str:
    return files("relforge.tree").joinpath("compile_program.py").read_text()
