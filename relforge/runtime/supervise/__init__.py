"""The parent process of a running release: it owns the lock, the sockets and the children.

    daemon, resume -> supervisor -> upgrade, reload, switched -> bake -> change -> children
    children -> readiness, hooks -> launch, probes -> plan, process -> generation
    plan -> lock, sockets, specs, notices, journal

One thread, one `select.poll`, no asyncio; about 13 MiB.
"""
