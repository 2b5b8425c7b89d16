"""Classifiers: what tells success from failure."""
