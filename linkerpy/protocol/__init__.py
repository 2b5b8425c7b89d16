"""Floor 5: the protocols that routers speak, one package each."""
