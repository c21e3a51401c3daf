"""One module per server: ``serve(app, service, agent)`` on listening sockets that it is handed."""
