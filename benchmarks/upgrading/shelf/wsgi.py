"""The same for gunicorn."""

import time

from shelf import VERSION


def app(environ, start_response):
    if environ["PATH_INFO"] == "/long":
        time.sleep(0.5)
    body = VERSION.encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
