"""Operations that a policy does not refuse, but lets wait until somebody else approves of them."""
