"""Telemeter `io.l5d.recentRequests`: the last requests, on the admin pages.

Source: config spec, section 15; telemetry-admin spec, section 3.5.
"""

from typing import Annotated, ClassVar

from pydantic import AfterValidator

from linkerpy.config.fields import Number, Positive
from linkerpy.net.web import Answer, Asked, Page, as_json
from linkerpy.router.env import Env
from linkerpy.router.families import TelemeterConfig
from linkerpy.router.telemeter import Telemeter
from linkerpy.telemetry.recent import RecentRequests, limit_of, wanted_by
from linkerpy.telemetry.tracing import Tracer

PATH = "/admin/requests.json"

_RANGE = "sampleRate must be between 0.0 and 1.0"


def _in_range(rate: float) -> float:
    if not 0 <= rate <= 1:
        raise ValueError(_RANGE)
    return rate


class RecentRequestsConfig(TelemeterConfig):
    """Keeps `capacity` of a share of requests; `/admin/requests.json` shows them."""

    KIND: ClassVar[str] = "io.l5d.recentRequests"
    NEEDS: ClassVar[dict[str, str]] = {"sampleRate": _RANGE}

    sample_rate: Annotated[Number, AfterValidator(_in_range)]
    """The share of requests that are kept, from 0 to 1."""
    capacity: Positive = 10
    """How many are kept; the oldest go first."""

    def build(self, env: Env) -> Telemeter:
        """The page, and the memory behind it. What callers decided on sampling does not count."""
        if not env.has_traffic:
            return Telemeter()
        recent = RecentRequests(self.capacity)
        tracer = Tracer(recent.record, self.sample_rate, heeds_flag=False)
        return Telemeter({PATH: requests_page(recent)}, tracer)


def requests_page(recent: RecentRequests) -> Page:
    """The page; parameters `router`, `service`, `status`, `slow_ms` and `limit`."""

    def page(asked: Asked) -> Answer:
        try:
            wanted, limit = wanted_by(asked.args), limit_of(asked.args)
        except ValueError as error:
            return as_json({"error": str(error)}, 400)
        return as_json({"requests": list(recent.newest(wanted, limit))})

    return page
