"""Pages about policies: the user's permissions, and the texts that administrators write."""
