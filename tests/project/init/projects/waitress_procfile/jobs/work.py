import time
from pathlib import Path

import helper

while True:
    print(helper.NAME, Path.cwd().name, flush=True)
    time.sleep(1)
