"""The per-account engine: runs as one Linux account, knows Podman, and does not know Django."""
