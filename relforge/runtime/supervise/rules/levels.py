"""Levels of a log line, as syslog(3) numbers them."""

ERROR, WARNING, INFO = 3, 4, 6
