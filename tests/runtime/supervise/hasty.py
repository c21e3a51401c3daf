"""A worker that takes its time to stop; with a `fault` it dies once, just after it was ready."""

HASTY = """
import os, signal, time
from relforge.runtime import config, ready
died = os.path.join(os.environ["RELEASE_STATE_DIR"], "died")
def leave(number, frame):
    time.sleep(2)
    raise SystemExit(0)
def main():
    if not config["fault"]:
        signal.signal(signal.SIGTERM, leave)
    ready()
    if config["fault"] and not os.path.exists(died):
        open(died, "w").close()
        time.sleep(0.3)
        raise SystemExit(7)
    while True:
        time.sleep(1)
"""
