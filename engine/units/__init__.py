"""The account's units: their files, what systemd makes of them, and units for containers."""
