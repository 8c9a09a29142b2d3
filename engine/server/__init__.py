"""The service on the account's socket: peer checks, admission, and running each operation once."""
