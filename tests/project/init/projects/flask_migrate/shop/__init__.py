import os

from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
state = os.environ.get("RELEASE_STATE_DIR", "/tmp")
app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{state}/shop.db"
db = SQLAlchemy(app)
Migrate(app, db)


@app.get("/")
def index() -> str:
    return "hello from " + db.session.execute(db.text("select name from shop")).scalar_one()
