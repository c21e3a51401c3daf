import os

from flask import Flask

app = Flask(__name__)
app.secret_key = os.environ["SHOP_SECRET"]
word = os.environ.get("SHOP_WORD", "variables")


@app.get("/")
def index() -> str:
    return f"hello from {word}"
