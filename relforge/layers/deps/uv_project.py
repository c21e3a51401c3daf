"""The pyproject.toml that uv resolves where packages are bound to indexes.

uv reads bindings in no other form: ``[tool.uv.sources]`` of what is asked for directly.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from relforge.layers.deps.index_binding import Binding
from relforge.layers.deps.package_sources import PackageSources, with_login


def text(requirements: Iterable[str], minor: str, places: PackageSources, binding: Binding) -> str:
    """Its text; packages that others ask for are asked for here as well, so that they are bound."""
    asked = list(requirements)
    direct = {canonicalize_name(Requirement(row).name) for row in asked}
    for name in binding.names:
        if name not in direct:
            condition = binding.conditions.get(name)
            asked.append(f"{name} ; {condition}" if condition else name)
    rows = [
        "[project]",
        'name = "relforge-lock"',
        'version = "0"',
        f'requires-python = "=={minor}.*"',
        f"dependencies = {json.dumps(asked)}",
        "[tool.uv.sources]",
        *(
            f"{json.dumps(name)} = {{ index = {json.dumps(place.name)} }}"
            for name, place in sorted(binding.names.items())
        ),
        *_indexes(places),
    ]
    return "\n".join(rows) + "\n"


def _indexes(places: PackageSources) -> Iterator[str]:
    """Those that packages are bound to; uv gets the others as always."""
    for index in places.by_priority:
        if index.packages:
            yield "[[tool.uv.index]]"
            yield f"name = {json.dumps(index.name)}"
            yield f"url = {json.dumps(with_login(index.url, places))}"
            yield "explicit = true"
