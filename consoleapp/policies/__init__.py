"""Policies of hosts, accounts, and groups that administrators maintain here, and their effect.

The engine also has the host's own file (engine/policy/host_file.py), and evaluates it itself.
"""
