"""What can go wrong with one request, as one tree of exceptions.

A layer raises the most precise of these; nobody below the error responder chooses a status code.
`status` is the HTTP status the responder will send, `retryable` whether the reply tells the caller
that sending the request again cannot repeat its effect, and `source` names the client or service
the failure came from. Messages are written for the person who reads the reply.

Source: dataplane spec, section 2.8 (error to response table).
"""


class RouterError(Exception):
    """A request could not be served; the message is safe to show to the caller."""

    status = 502
    retryable = False

    def __init__(self, message: str = "", *, source: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.source = source

    def __str__(self) -> str:
        return self.message or type(self).__name__


class Cancelled(RouterError):
    """The caller went away or lost interest. Nobody reads the reply."""

    status = 499


class BadRequest(RouterError):
    """The request itself is at fault."""

    status = 400


class MethodRefused(BadRequest):
    """Its method asks for what the router does not do."""

    status = 405


class UnknownDestination(BadRequest):
    """No identifier could name the request's destination."""


class NoHosts(RouterError):
    """The name is bound to nothing that could take the request."""


class BindingFailed(RouterError):
    """A namer or an interpreter failed before the name was ever bound."""


class BindingTimeout(RouterError):
    """The name was not bound, or its client not usable, within `bindingTimeoutMs`."""


class ConnectionFailed(RouterError):
    """A connection to the chosen endpoint could not be established; `cause` says why."""

    def __init__(self, message: str, *, cause: str = "") -> None:
        super().__init__(message)
        self.cause = cause


class BackendError(RouterError):
    """The backend broke off or spoke nonsense after the request had been sent."""


class BackendClosed(BackendError):
    """The backend closed the connection before the reply was complete."""


class NotDelivered(BackendClosed):
    """The backend had closed the connection before any byte of the request reached it."""

    retryable = True


class RequestTimeout(RouterError):
    """A configured timeout passed; nobody waits for the request any more."""

    status = 503


class AttemptTimeout(RequestTimeout):
    """`requestAttemptTimeoutMs` passed: this attempt is over, another may do better."""


class ServerTimeout(RequestTimeout):
    """A server's `timeoutMs` passed."""


class Nacked(RouterError):
    """The backend refused the request without doing any work for it, each time it was asked."""


class Spared(RouterError):
    """Not sent, because the backends refuse most requests. Sending it again would not help them."""

    def __init__(self) -> None:
        super().__init__("Request not issued to the backend due to observed overload.")


class Rejected(RouterError):
    """Refused before any work was done for it: a limit is reached."""

    status = 503
    retryable = True


class Overloaded(Rejected):
    """The server works on as many requests as it may (`maxConcurrentRequests`)."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"{limit} requests are being served already (maxConcurrentRequests)")


class TooManyWaiters(Rejected):
    """The pool's `maxWaiters` requests wait for a connection already."""

    status = 502


class Draining(Rejected):
    """The router is shutting down and takes no new request."""
