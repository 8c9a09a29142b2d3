"""The account's units: its user manager, unit files, Quadlets, and units for containers."""
