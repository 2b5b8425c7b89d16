"""Tracers: which headers carry trace ids."""
