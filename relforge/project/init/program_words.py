"""What the words of a program name: modules, and the configured port."""

from __future__ import annotations

import re

from relforge.project.init import shell_lines


def modules_of(words: tuple[str, ...]) -> tuple[str, ...]:
    """The modules that the words of a program name, or those of a line for a shell."""
    if words[:2] == ("sh", "-c"):
        words = tuple(re.split(r"[\s\"'|;&()]+", words[2]))
    found = []
    for before, word in zip(("", *words), words, strict=False):
        if before == "-m" or before in ("--app", "-A"):
            found.append(word.partition(":")[0])
        elif word.endswith(".py"):
            found.append(word.removesuffix(".py").strip("./").replace("/", "."))
        elif ":" in word and "/" not in word and "$" not in word:
            found.append(word.partition(":")[0])
        elif "." in word and word.replace(".", "").replace("_", "").isalnum():
            found += [word, word.rpartition(".")[0]]
    return tuple(found)


def env_of(rows: dict[str, str]) -> dict[str, str]:
    """Assignments of a line, with the configured port."""
    words = shell_lines.put_port(tuple(rows.values()))
    return dict(zip(rows, words, strict=True))
