"""The log of who did what: append-only, kept so by the database itself."""
