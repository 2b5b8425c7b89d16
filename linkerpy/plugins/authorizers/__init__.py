"""Authorizers: what asks whether a request may go on."""
