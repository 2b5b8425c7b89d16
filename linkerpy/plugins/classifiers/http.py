"""Response classifiers `io.l5d.http.*`: which methods may be tried again after a failure.

Source: config spec, section 13.1.
"""

from typing import ClassVar

from linkerpy.policy.verdict import Classify
from linkerpy.protocol.http.classify import (
    ALL,
    DEFAULT,
    IDEMPOTENT,
    READS,
    all_successful,
    retry_5xx,
)
from linkerpy.protocol.http.config import ClassifierConfig


class NonRetryable5XXConfig(ClassifierConfig):
    """A 5xx is a failure, tried again only if the response says that this is safe."""

    KIND: ClassVar[str] = "io.l5d.http.nonRetryable5XX"

    def build(self) -> Classify:
        """As the kind says."""
        return DEFAULT


class RetryableRead5XXConfig(ClassifierConfig):
    """A 5xx is a failure, tried again for methods that only read."""

    KIND: ClassVar[str] = "io.l5d.http.retryableRead5XX"

    def build(self) -> Classify:
        """As the kind says."""
        return retry_5xx(READS)


class RetryableIdempotent5XXConfig(ClassifierConfig):
    """A 5xx is a failure, tried again for idempotent methods."""

    KIND: ClassVar[str] = "io.l5d.http.retryableIdempotent5XX"

    def build(self) -> Classify:
        """As the kind says."""
        return retry_5xx(IDEMPOTENT)


class RetryableAll5XXConfig(ClassifierConfig):
    """A 5xx is a failure, tried again for all methods but CONNECT."""

    KIND: ClassVar[str] = "io.l5d.http.retryableAll5XX"

    def build(self) -> Classify:
        """As the kind says."""
        return retry_5xx(ALL)


class AllSuccessfulConfig(ClassifierConfig):
    """Every response is a success."""

    KIND: ClassVar[str] = "io.l5d.http.allSuccessful"

    def build(self) -> Classify:
        """As the kind says."""
        return all_successful
