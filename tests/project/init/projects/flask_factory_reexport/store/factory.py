from flask import Flask


class Store(Flask):
    pass


def create_app() -> Store:
    app = Store(__name__)
    app.add_url_rule("/", view_func=lambda: "hello from a factory")
    return app
