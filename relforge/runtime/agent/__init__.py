"""The thread inside each service process that answers the console and ``rpc``."""
