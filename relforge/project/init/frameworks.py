"""What is known by name: what makes an application, what wraps one, and what serves it."""

from __future__ import annotations

from typing import Literal

Interface = Literal["asgi", "wsgi", "celery", "own"]  # own: it listens by itself

# What an application is made by, and what it then is.
MAKERS: dict[str, tuple[str, Interface]] = {
    "aiohttp.web.Application": ("aiohttp", "own"),
    "apiflask.APIFlask": ("Flask", "wsgi"),
    "blacksheep.Application": ("BlackSheep", "asgi"),
    "blacksheep.server.Application": ("BlackSheep", "asgi"),
    "bottle.Bottle": ("Bottle", "wsgi"),
    "bottle.app": ("Bottle", "wsgi"),
    "bottle.default_app": ("Bottle", "wsgi"),
    "ariadne.asgi.GraphQL": ("Ariadne", "asgi"),
    "celery.Celery": ("Celery", "celery"),
    "celery.app.Celery": ("Celery", "celery"),
    "cherrypy.Application": ("CherryPy", "wsgi"),
    "cherrypy.tree.mount": ("CherryPy", "wsgi"),
    "connexion.AsyncApp": ("Connexion", "asgi"),
    "dash.Dash": ("Dash", "wsgi"),
    "emmett.App": ("Emmett", "asgi"),
    "esmerald.Esmerald": ("Esmerald", "asgi"),
    "channels.routing.ProtocolTypeRouter": ("Django", "asgi"),
    "django.core.asgi.get_asgi_application": ("Django", "asgi"),
    "django.core.wsgi.get_wsgi_application": ("Django", "wsgi"),
    "falcon.API": ("Falcon", "wsgi"),
    "falcon.App": ("Falcon", "wsgi"),
    "falcon.asgi.App": ("Falcon", "asgi"),
    "fastapi.FastAPI": ("FastAPI", "asgi"),
    "fastapi.applications.FastAPI": ("FastAPI", "asgi"),
    "fasthtml.common.FastHTML": ("FastHTML", "asgi"),
    "fasthtml.common.fast_app": ("FastHTML", "asgi"),
    "flask.Flask": ("Flask", "wsgi"),
    "flask.app.Flask": ("Flask", "wsgi"),
    "flask_openapi3.OpenAPI": ("Flask", "wsgi"),
    "lilya.apps.Lilya": ("Lilya", "asgi"),
    "litestar.Litestar": ("Litestar", "asgi"),
    "litestar.app.Litestar": ("Litestar", "asgi"),
    "microdot.asgi.Microdot": ("Microdot", "asgi"),
    "microdot.wsgi.Microdot": ("Microdot", "wsgi"),
    "muffin.Application": ("Muffin", "asgi"),
    "quart.Quart": ("Quart", "asgi"),
    "quart.app.Quart": ("Quart", "asgi"),
    "ravyn.Ravyn": ("Ravyn", "asgi"),
    "sanic.Sanic": ("Sanic", "asgi"),
    "sanic.app.Sanic": ("Sanic", "asgi"),
    "starlette.applications.Starlette": ("Starlette", "asgi"),
    "strawberry.asgi.GraphQL": ("Strawberry", "asgi"),
    "tornado.web.Application": ("Tornado", "own"),
}
# Where the application is an attribute of what is made.
HELD = {"dash.Dash": "server"}
# Those whose packages have the names of their modules.
FRAMEWORKS = frozenset({
    "aiohttp", "apiflask", "blacksheep", "bottle", "django", "falcon", "fastapi", "flask",
    "litestar", "quart", "sanic", "starlette", "tornado"
})  # fmt: skip
TASK_QUEUES = frozenset({"apscheduler", "arq", "celery", "dramatiq", "huey", "rq", "saq", "taskiq"})
# What takes one application and makes another; the rest of what takes one leaves it as it is.
WRAPPERS: dict[str, Interface] = {
    "a2wsgi.ASGIMiddleware": "wsgi",
    "a2wsgi.WSGIMiddleware": "asgi",
    "asgiref.wsgi.WsgiToAsgi": "asgi",
    "socketio.ASGIApp": "asgi",
    "socketio.Middleware": "wsgi",
    "socketio.WSGIApp": "wsgi",
    "uvicorn.middleware.wsgi.WSGIMiddleware": "asgi",
}
FACTORIES: tuple[str, ...] = (
    "build_app",
    "create_app",
    "create_application",
    "get_app",
    "get_application",
)
FACTORIES += ("init_app", "make_app", "app_factory", "make_application", "build_application")

ASGI_SERVERS = ("uvicorn", "hypercorn")
WSGI_SERVERS = ("gunicorn",)
SERVERS = ("uvicorn", "gunicorn", "hypercorn")  # that `server` may name
# The oldest ones that a release serves with: an old pin of the project's must not choose for us.
FLOORS = {"uvicorn": "0.30", "gunicorn": "21", "hypercorn": "0.16"}
OTHER_SERVERS: dict[str, Interface] = {
    "bjoern": "wsgi",
    "cheroot": "wsgi",
    "daphne": "asgi",
    "granian": "asgi",
    "meinheld": "wsgi",
    "mod-wsgi": "wsgi",
    "pyuwsgi": "wsgi",
    "uwsgi": "wsgi",
    "waitress": "wsgi",
}
# Packages whose objects listen by themselves: by which calls, and what sets the address.
OWN_SERVERS: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "gradio": ((".launch",), {"GRADIO_SERVER_NAME": "host", "GRADIO_SERVER_PORT": "port"}),
    "robyn": ((".start",), {"ROBYN_HOST": "host", "ROBYN_PORT": "port"}),
    "tornado": ((".listen", ".run_app", ".bind"), {}),
}
# What extras and packages bring along, where only the name is written.
BRINGS: dict[str, tuple[str, ...]] = {
    "channels[daphne]": ("daphne",),
    "connexion[uvicorn]": ("uvicorn",),
    "fastapi[all]": ("uvicorn",),
    "fastapi[standard-no-fastapi-cloud-cli]": ("uvicorn",),
    "fastapi[standard]": ("uvicorn",),
    "gradio": ("uvicorn", "fastapi"),
    "litestar[full]": ("uvicorn",),
    "litestar[standard]": ("uvicorn",),
    "mcp": ("uvicorn",),
    "nicegui": ("uvicorn", "fastapi"),
    "python-fasthtml": ("uvicorn",),
    "quart": ("hypercorn",),
    "uvicorn-worker": ("gunicorn", "uvicorn"),
}
