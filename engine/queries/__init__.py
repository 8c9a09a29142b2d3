"""What the engine can answer without changing anything: one module a thing asked for."""
