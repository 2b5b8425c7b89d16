"""Floor 2: decisions, made with a clock and chance that are passed in. No I/O.

``balance`` which endpoint · ``pool`` which connection.
"""
