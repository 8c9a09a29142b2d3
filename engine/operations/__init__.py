"""What the engine can do: one module a noun, one function a kind of operation."""
