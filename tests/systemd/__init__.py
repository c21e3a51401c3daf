"""The units under a real systemd: hosts that boot in seconds, with systemd as their PID 1."""
