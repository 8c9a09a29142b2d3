"""Podman: its API, events, errors, and storage, and the programs that come with it."""
