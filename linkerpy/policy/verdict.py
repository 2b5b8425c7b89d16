"""Verdicts: what a response classifier says of one attempt.

The service's classifier decides; retries, failure accrual and the success figures of a client and
a service all go by its word.

Source: dataplane spec, sections 3.2 and 3.4.
"""

from collections.abc import Callable
from typing import Any

SUCCESS, FAILURE, RETRYABLE = range(3)
"""It went well; it failed; it failed and may be tried again."""

Classify = Callable[[Any, Any, BaseException | None], int]
"""`classify(request, response, error)`: the verdict on an attempt that gave one of the two."""
