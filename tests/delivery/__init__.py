"""The sample application's artifact, used as an operator and a customer use it."""
