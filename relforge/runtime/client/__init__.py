"""The operator's side: finding the running release, talking to its agents, fresh processes."""
