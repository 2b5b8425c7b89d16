"""Stores: where namerd keeps dtabs."""
