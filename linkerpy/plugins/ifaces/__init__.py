"""Ifaces: how namerd is asked."""
