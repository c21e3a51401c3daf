import os
from pathlib import Path

from celery import Celery

STATE = Path(os.environ.get("RELEASE_STATE_DIR", "."))
QUEUE = STATE / "queue"
QUEUE.mkdir(parents=True, exist_ok=True)

app = Celery("jobs", broker="filesystem://")
app.conf.broker_transport_options = {
    "data_folder_in": str(QUEUE),
    "data_folder_out": str(QUEUE),
    "control_folder": str(STATE / "control"),
}
app.conf.task_ignore_result = True


@app.task
def add(one: int, two: int) -> None:
    (STATE / "sum").write_text(str(one + two))
