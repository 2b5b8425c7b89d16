"""Identifiers: what makes a name of a request."""
