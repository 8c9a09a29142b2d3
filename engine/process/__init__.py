"""Running programs, and what the kernel says about processes. Knows nothing of Podman."""
