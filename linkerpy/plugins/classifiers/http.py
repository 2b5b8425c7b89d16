"""Response classifiers `io.l5d.http.*`: which methods may be tried again after a failure.

Source: config spec, section 13.1.
"""

from typing import ClassVar

from linkerpy.protocol.http.config import ClassifierConfig


class NonRetryable5XXConfig(ClassifierConfig):
    """A 5xx is a failure, and never tried again."""

    KIND: ClassVar[str] = "io.l5d.http.nonRetryable5XX"
    NOT_YET: ClassVar[str] = "response classifiers"


class RetryableRead5XXConfig(ClassifierConfig):
    """A 5xx is a failure, tried again for methods that only read."""

    KIND: ClassVar[str] = "io.l5d.http.retryableRead5XX"
    NOT_YET: ClassVar[str] = "response classifiers"


class RetryableIdempotent5XXConfig(ClassifierConfig):
    """A 5xx is a failure, tried again for idempotent methods."""

    KIND: ClassVar[str] = "io.l5d.http.retryableIdempotent5XX"
    NOT_YET: ClassVar[str] = "response classifiers"


class RetryableAll5XXConfig(ClassifierConfig):
    """A 5xx is a failure, tried again for all methods but CONNECT."""

    KIND: ClassVar[str] = "io.l5d.http.retryableAll5XX"
    NOT_YET: ClassVar[str] = "response classifiers"


class AllSuccessfulConfig(ClassifierConfig):
    """Every response is a success."""

    KIND: ClassVar[str] = "io.l5d.http.allSuccessful"
    NOT_YET: ClassVar[str] = "response classifiers"
