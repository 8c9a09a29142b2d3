"""Policies of hosts, accounts and groups, as administrators keep them here, and what follows.

The engine has the host's own file besides (engine/policy/host_file.py), and judges again.
"""
