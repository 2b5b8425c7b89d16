"""TCP: the router kind `tcp`, and the configuration files of linkerd-tcp."""
