"""What the builder and the runtime share: the manifest, its settings, and how they are written.

    manifest    release/manifest.json: how a release reads its own
    content     what is in it: `Manifest`
    service     `Service`
    command     `Command` and its `Argument`s
    hook        `Hook`, and the names of the hooks
    tables      `Log`, `Console`, `Upgrade`, `Config`
    run         what a service, a command and a hook have in common: something that is run
    record      a table of keys; `Key` says all that is known about one
    shapes      what the value of a key may be
    amount      durations and sizes
    address     where a service listens
    reference   ``${key}``

The builder validates settings by these tables and writes the manifest by them, the runtime reads
it by them, and `scripts/reference.py` prints them into docs/reference/settings.md.
Control commands import `manifest` alone; the others import next to nothing either.
"""
