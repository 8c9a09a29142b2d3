"""What an account may do with Podman: rules, demands, and how they are judged.

`wishes` turns an operation's parameters into typed demands; `judge` holds demands against a
policy. Both are pure, and the same for web tier and
engine. Where the host's own policy stands is in `file`.
"""
