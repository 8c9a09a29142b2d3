"""What changes while somebody looks: snapshots, the observer, server-sent events, relays."""
