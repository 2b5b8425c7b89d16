"""Balancers: what picks an endpoint."""
