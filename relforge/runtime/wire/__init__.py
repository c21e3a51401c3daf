"""What passes between processes: frames, Unix sockets, and the start of a process."""
