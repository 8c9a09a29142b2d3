"""What the engine can answer without changing anything: one module per noun."""
