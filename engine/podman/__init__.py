"""Podman: its API, its events, its errors, its storage, and the programs that come with it."""
