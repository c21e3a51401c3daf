"""The text of an EnvironmentFile, as systemd.exec(5) reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

DOCUMENTATION = """
name: environment_file
short_description: The text of a systemd environment file
version_added: 0.1.0
author: The relforge authors
description:
  - Writes variables so that systemd reads back exactly these values.
options:
  _input:
    description: The variables.
    type: dict
    required: true
"""
EXAMPLES = """
- ansible.builtin.debug:
    msg: "{{ {'GREETING': 'he said \\"hi\\"'} | relforge.deploy.environment_file }}"
"""
RETURN = """
_value:
  description: A line for each variable, sorted by name.
  type: str
"""


def environment_file(variables: Mapping[str, Any]) -> str:
    """A line for each variable; a value may span several lines."""
    rows = []
    for name, value in sorted(variables.items()):
        if not str(name).isidentifier():
            raise AnsibleFilterError(f"relforge_environment: {name!r} is not a variable's name")
        text = str(value)
        if "\0" in text:
            raise AnsibleFilterError(f"relforge_environment.{name}: it has a NUL")
        for character in ("\\", '"', "`", "$"):
            text = text.replace(character, f"\\{character}")
        rows.append(f'{name}="{text}"\n')
    return "".join(rows)


class FilterModule:
    """What Ansible looks for."""

    def filters(self) -> dict[str, Callable[..., str]]:
        """The one filter."""
        return {"environment_file": environment_file}
