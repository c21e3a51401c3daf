"""An application of the size of many: a page, a table, settings, a client."""
