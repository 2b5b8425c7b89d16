"""Accruals: what takes a failing endpoint out of service."""
