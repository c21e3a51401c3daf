"""Assets: compiled by the project's own commands, fingerprinted on request."""
