"""Operations that wait until somebody else approves of them."""
