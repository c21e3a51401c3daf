"""Keeping the cache small and sound: what is in it, what may go, what is damaged."""
