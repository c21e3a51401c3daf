"""relforge turns a Python project into a self-contained release."""

__version__ = "0.1.0"
