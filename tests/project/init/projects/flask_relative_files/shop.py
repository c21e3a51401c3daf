from flask import Flask

app = Flask(__name__)


@app.get("/")
def index() -> str:
    with open("pages/index.html") as file:
        return file.read()
