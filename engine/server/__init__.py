"""The service on the account's socket: who may ask, what is admitted, and each operation once."""
