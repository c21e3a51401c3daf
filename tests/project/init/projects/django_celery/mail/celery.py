import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mail.settings")
app = Celery("mail", broker="memory://")
app.conf.beat_schedule = {"tick": {"task": "mail.celery.tick", "schedule": 3600.0}}


@app.task
def tick() -> None:
    print("tick")
