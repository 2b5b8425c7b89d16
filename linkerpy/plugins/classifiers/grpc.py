"""Response classifiers `io.l5d.h2.grpc.*`: what a grpc-status means.

Source: config spec, section 13.3.
"""

from typing import ClassVar, Self

from pydantic import model_validator

from linkerpy.config.fields import Count, Many
from linkerpy.protocol.h2.config import H2ClassifierConfig


class _GrpcConfig(H2ClassifierConfig):
    """What the gRPC classifiers share."""

    NOT_YET: ClassVar[str] = "HTTP/2"

    success_status_codes: Many[Count] = (0,)
    """The values of `grpc-status` that are successes; 0 must be among them."""

    @model_validator(mode="after")
    def _ok_is_success(self) -> Self:
        if 0 not in self.success_status_codes:
            raise ValueError("`successStatusCodes` must contain 0")
        return self


class DefaultConfig(_GrpcConfig):
    """Tries again after status 14, unavailable."""

    KIND: ClassVar[str] = "io.l5d.h2.grpc.default"


class CompliantConfig(_GrpcConfig):
    """Tries again as the gRPC specification says, HTTP statuses included."""

    KIND: ClassVar[str] = "io.l5d.h2.grpc.compliant"


class AlwaysRetryableConfig(_GrpcConfig):
    """Tries again after every failure."""

    KIND: ClassVar[str] = "io.l5d.h2.grpc.alwaysRetryable"


class NeverRetryableConfig(_GrpcConfig):
    """Never tries again."""

    KIND: ClassVar[str] = "io.l5d.h2.grpc.neverRetryable"


class RetryableStatusCodesConfig(_GrpcConfig):
    """Tries again after the statuses listed."""

    KIND: ClassVar[str] = "io.l5d.h2.grpc.retryableStatusCodes"

    retryable_status_codes: Many[Count]
    """The values of `grpc-status` after which it is tried again."""
