"""RollPolicy: when a log file is closed and a new one begun.

Source: config spec, section 10.2.
"""

import re
from typing import Annotated

from pydantic import AfterValidator

from linkerpy.config.fields import Text

_UNITS = "bytes?|kilobytes?|megabytes?|gigabytes?|terabytes?|petabytes?|exabytes?"
_POLICY = re.compile(
    rf"never|hourly|daily|weekly\([1-7]\)|sighup|[0-9]+\.(?:{_UNITS})", re.IGNORECASE
)


def _check(policy: str) -> str:
    if not _POLICY.fullmatch(policy):
        raise ValueError(
            f"Invalid log roll policy: {policy} (never, hourly, daily, weekly(1) to weekly(7), "
            "sighup or a size such as 3.megabytes)"
        )
    return policy


RollPolicy = Annotated[Text, AfterValidator(_check)]
"""`never`, `hourly`, `daily`, `weekly(n)`, `sighup`, or a size such as `3.megabytes`."""
