"""Sentences that were made elsewhere (engine, worker, database) in English, for the reader."""


def in_language(text: str) -> str:
    """`text` in the reader's language where the catalogue knows it; else as it came."""
    return text
