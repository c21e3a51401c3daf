"""What the user wrote: `pyproject.toml`, settings, sources, version."""
