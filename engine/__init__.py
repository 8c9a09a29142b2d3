"""The per-account engine: runs as one Linux account, knows Podman, knows nothing of Django."""
