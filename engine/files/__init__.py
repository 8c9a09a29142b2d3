"""The account's files: the spool, reading and writing without following links, tar headers."""
