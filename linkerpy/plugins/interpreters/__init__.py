"""Interpreters: what binds the names of a router."""
