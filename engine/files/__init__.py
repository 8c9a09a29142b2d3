"""Files of the account: the spool, reading and writing without following links, tar headers."""
