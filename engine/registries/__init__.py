"""Registries: the registries.conf files, logins, trust, and the registries' own HTTP API."""
