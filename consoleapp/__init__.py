"""Berth's console: permissions, the queue of operations, the audit log, the pages, the API."""
