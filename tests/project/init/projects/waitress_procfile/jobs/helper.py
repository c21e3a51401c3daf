NAME = "background"
