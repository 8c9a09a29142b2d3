"""What people are told of: what happened, who wants to know, and how it reaches them."""
