"""Namers: what answers for names below `/#`."""
