"""Console users, hosts, the Linux accounts on them, and who may use which."""
