"""Reads HTTP/1 messages off a wire, independently of the code under test."""

from dataclasses import dataclass


@dataclass
class Message:
    """A request or a response."""

    start: str
    headers: list
    body: bytes
    trailers: list

    @property
    def status(self):
        return int(self.start.split(" ")[1])

    @property
    def text(self):
        return self.body.decode()

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def get(self, name):
        """The value of a header that must not be repeated, or None."""
        values = self.all(name)
        assert len(values) < 2, f"{name} is repeated: {values}"
        return values[0] if values else None

    def names(self):
        return {name.lower() for name, _ in self.headers}


def _fields(lines):
    return [tuple(line.split(": ", 1)) if ": " in line else (line[:-1], "") for line in lines]


def read_message(data, *, bodiless=False, closed=False):
    """The first message and what follows it, or None while it is incomplete.

    `bodiless` for an answer to HEAD, `closed` when the connection has ended.
    """
    head, end, rest = data.partition(b"\r\n\r\n")
    if not end:
        return None
    start, *lines = head.decode("latin-1").split("\r\n")
    message = Message(start, _fields(lines), b"", [])
    response = start.startswith("HTTP/")
    if bodiless or (response and (message.status in (204, 304) or message.status < 200)):
        return message, rest
    if message.get("transfer-encoding"):
        return _chunked(message, rest)
    length = message.get("content-length")
    if length is None:
        if not response:
            return message, rest
        message.body = rest
        return (message, b"") if closed else None
    if len(rest) < int(length):
        return None
    message.body = rest[: int(length)]
    return message, rest[int(length) :]


def _chunked(message, rest):
    assert message.get("transfer-encoding") == "chunked"
    while True:
        line, end, rest = rest.partition(b"\r\n")
        if not end:
            return None
        size = int(line, 16)
        if size == 0:
            break
        if len(rest) < size + 2:
            return None
        assert rest[size : size + 2] == b"\r\n"
        message.body += rest[:size]
        rest = rest[size + 2 :]
    if rest.startswith(b"\r\n"):
        return message, rest[2:]
    trailers, end, rest = rest.partition(b"\r\n\r\n")
    if not end:
        return None
    message.trailers = _fields(trailers.decode("latin-1").split("\r\n"))
    return message, rest
