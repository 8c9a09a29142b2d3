"""Define what the console and the engines exchange: one pydantic model for each message."""
