"""Registries: the registries.conf files, sign-ins, trust, and the registries' own HTTP API."""
