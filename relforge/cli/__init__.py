"""The command line: parse, call, print.  Results to stdout, progress and errors to stderr."""

from relforge.cli.main import main

__all__ = ["main"]
