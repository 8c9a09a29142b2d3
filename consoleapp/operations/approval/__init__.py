"""Approval: operations that a policy allows only after somebody else approves them."""
