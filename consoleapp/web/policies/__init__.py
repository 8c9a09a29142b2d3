"""Policies: what one may do, and the texts that administrators write."""
