"""Response classifiers `io.l5d.h2.*`: which methods may be tried again after a failure.

Source: config spec, section 13.2.
"""

from typing import ClassVar

from linkerpy.protocol.h2.config import H2ClassifierConfig


class H2NonRetryable5XXConfig(H2ClassifierConfig):
    """A 5xx is a failure, and never tried again."""

    KIND: ClassVar[str] = "io.l5d.h2.nonRetryable5XX"
    NOT_YET: ClassVar[str] = "HTTP/2"


class H2RetryableRead5XXConfig(H2ClassifierConfig):
    """A 5xx is a failure, tried again for methods that only read."""

    KIND: ClassVar[str] = "io.l5d.h2.retryableRead5XX"
    NOT_YET: ClassVar[str] = "HTTP/2"


class H2RetryableIdempotent5XXConfig(H2ClassifierConfig):
    """A 5xx is a failure, tried again for idempotent methods."""

    KIND: ClassVar[str] = "io.l5d.h2.retryableIdempotent5XX"
    NOT_YET: ClassVar[str] = "HTTP/2"


class H2RetryableAll5XXConfig(H2ClassifierConfig):
    """A 5xx is a failure, tried again for all methods but CONNECT."""

    KIND: ClassVar[str] = "io.l5d.h2.retryableAll5XX"
    NOT_YET: ClassVar[str] = "HTTP/2"


class H2AllSuccessfulConfig(H2ClassifierConfig):
    """Every response is a success."""

    KIND: ClassVar[str] = "io.l5d.h2.allSuccessful"
    NOT_YET: ClassVar[str] = "HTTP/2"
