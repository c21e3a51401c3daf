"""How a version misbehaves; the tests build some that do."""

FAULT = ""
