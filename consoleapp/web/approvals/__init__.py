"""Approvals: what waits for whose word, and the word."""
