"""Berth's console: who may do what, the queue of operations, the audit log, the pages, the API."""
