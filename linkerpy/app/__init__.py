"""Floor 8: configuration files turned into running services."""
