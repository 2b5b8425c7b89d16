"""Telemeters: what exports metrics and traces."""
