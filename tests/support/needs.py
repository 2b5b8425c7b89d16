"""What a test needs from the machine: found, or the test skips and the run names what lacked.

`make test` and .ci/run install these; with CI=true a lack is a failure, never a skip.
"""

import os
import shutil

import pytest

LACKED: dict[str, str] = {}
"""What was not there, and how to get it. Printed at the end of the run by tests/conftest.py."""


def program(name: str, package: str | None = None) -> str:
    """Return the path of a program, or skip the test for lack of it.

    Daemons live in /usr/sbin, which is not on everybody's PATH.
    """
    found = shutil.which(name, path=os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin")
    if found is None:
        lack(name, f"apt-get install {package or name}")
    return found


def lack(what: str, cure: str) -> None:
    """Skip this test for lack of something; fail it instead where everything must be there."""
    LACKED[what] = cure
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI must have {what}: {cure}", pytrace=False)
    pytest.skip(f"no {what}: {cure}")
