"""Mux: the router kind `mux`."""
