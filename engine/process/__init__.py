"""Running programs, and the kernel's information about processes. Does not know Podman."""
