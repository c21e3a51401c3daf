"""What happens in a build, and in which order."""
