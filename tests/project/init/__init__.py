"""`relforge init` on projects of each kind."""
