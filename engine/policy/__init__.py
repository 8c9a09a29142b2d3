"""What an account may do with Podman: rules, requests, and their evaluation.

`extract` turns an operation's parameters into typed requests. `evaluate` compares requests with a
policy. Both are pure and shared by the web tier and the engine. `host_file` reads the host's own
policy.
"""
