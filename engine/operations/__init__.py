"""What the engine can do: one module per noun, one function per kind of operation."""
