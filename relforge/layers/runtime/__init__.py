"""The files that relforge itself puts into every release."""
