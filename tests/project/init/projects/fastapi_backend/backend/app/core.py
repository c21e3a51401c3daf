NAME = "backend"
