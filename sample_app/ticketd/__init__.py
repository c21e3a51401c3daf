"""A small shop for event tickets: a web service, a worker, and two commands."""
