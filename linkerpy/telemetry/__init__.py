"""Floor 2: figures. `metrics` the tree · `histogram` its distributions · `process` our own.

Knows no exporter: those walk the tree.
"""
