"""Response classifiers of HTTP: what is a success, and what may be tried again.

Configuration chooses one for a service; where it does not, `DEFAULT` decides about retries, and
the status alone about success. A streamed request cannot be sent twice, whatever the classifier.

Source: config spec, section 13.1; dataplane spec, section 3.2.
"""

from linkerpy.codec.http import Request, Response
from linkerpy.core.errors import AttemptTimeout, BackendError
from linkerpy.policy.verdict import FAILURE, RETRYABLE, SUCCESS, Classify

NEVER: frozenset[bytes] = frozenset()
READS = frozenset((b"GET", b"HEAD", b"OPTIONS", b"TRACE"))
IDEMPOTENT = READS | {b"PUT", b"DELETE"}
ALL = IDEMPOTENT | {b"POST", b"PATCH"}
"""Methods. CONNECT is never retried by its method."""

_MAY_PASS = (AttemptTimeout, BackendError)
"""Errors that another attempt may be spared: the backend was slow, broke off or spoke nonsense."""


def retry_5xx(methods: frozenset[bytes]) -> Classify:
    """A classifier by which a 5xx is a failure, to be tried again with these methods.

    With other methods it is, too, if the response says that this is safe.
    """

    def classify(request: Request, response: Response | None, error: BaseException | None) -> int:
        if response is None:
            retryable = request.method in methods and isinstance(error, _MAY_PASS)
        elif response.status < 500:
            return SUCCESS
        else:
            retryable = request.method in methods or is_nack(response) or _says_retryable(response)
        return RETRYABLE if retryable and request.body.complete else FAILURE

    return classify


DEFAULT = retry_5xx(NEVER)


def all_successful(
    _request: Request, response: Response | None, _error: BaseException | None
) -> int:
    """A classifier by which every response is a success."""
    return FAILURE if response is None else SUCCESS


def is_nack(response: Response) -> bool:
    """Whether the backend refused the request without doing any work for it.

    Source: dataplane spec, section 2.8.
    """
    return response.status == 503 and (
        response.get(b"finagle-http-nack") is not None or response.get(b"retry-after") == b"0"
    )


def _says_retryable(response: Response) -> bool:
    return (response.get(b"l5d-retryable") or b"").lower() == b"true"
