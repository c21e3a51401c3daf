"""The parent process of a running release: it owns the lock, the sockets and the children.

    daemon -> supervisor -> control, children -> readiness -> launch, process -> plan
    plan -> lock, sockets, specs, notices, journal

One thread, one `select.poll`, no asyncio; about 13 MiB.
"""
