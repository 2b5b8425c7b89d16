"""Floor 2: decisions, made with a clock and chance that are passed in. No I/O.

``balance`` which endpoint · ``pool`` which connection · ``accrual`` and
``fail_fast`` which endpoints are out of service · ``backoff`` for how long.
"""
