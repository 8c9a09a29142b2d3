"""How dates and numbers look, where Django's own formats of the language will not do."""
