"""What the console and the engines say to each other: one pydantic model for each thing said."""
