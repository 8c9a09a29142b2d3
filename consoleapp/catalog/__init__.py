"""Launch templates: prepared containers for self-service."""
