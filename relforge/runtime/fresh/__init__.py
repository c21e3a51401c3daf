"""What runs in a fresh process: `eval`, `run`, `console`, and the commands of the project."""
