"""What a supervisor decides: pure functions over a `World`, without clock, files or processes."""
