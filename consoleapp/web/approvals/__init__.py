"""Pages about approvals: waiting requests, and decisions on them."""
