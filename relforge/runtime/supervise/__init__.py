"""The parent process of a running release: it owns the lock, the sockets and the children.

    daemon -> supervisor -> control, process, probes, launch -> plan -> lock, sockets, specs

One thread, one `select.poll`, no asyncio; about 13 MiB.
"""
