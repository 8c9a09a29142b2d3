"""The append-only audit log, which the database itself protects."""
