"""What the peers start; relforge serves `bench_app.web:app` itself."""

from __future__ import annotations

import os

import uvicorn

from bench_app.web import app


def main() -> None:
    """Serve until it is stopped."""
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]), log_level="warning")


if __name__ == "__main__":
    main()
