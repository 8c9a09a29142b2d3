"""What an account may do with Podman: rules, requests, and their evaluation.

`extract` turns an operation's parameters into typed requests; `evaluate` checks requests against a
policy. Both are pure, and the same for the web tier and the engine. The host's own policy is in
`host_file`.
"""
