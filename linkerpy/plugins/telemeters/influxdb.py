"""Telemeter `io.l5d.influxdb`: metrics for Telegraf to fetch.

Source: config spec, section 15.
"""

from typing import ClassVar

from twisted.internet.defer import Deferred

from linkerpy.net.gradual import SharedText
from linkerpy.net.web import Answer, Asked
from linkerpy.router.env import Env
from linkerpy.router.families import TelemeterConfig
from linkerpy.router.telemeter import Telemeter
from linkerpy.telemetry.influxdb import CONTENT_TYPE, render_influxdb

PATH = "/admin/metrics/influxdb"


class InfluxDbConfig(TelemeterConfig):
    """Serves `/admin/metrics/influxdb`."""

    KIND: ClassVar[str] = "io.l5d.influxdb"

    def build(self, env: Env) -> Telemeter:
        """The page. Each answer is tagged with the host it was asked of, so none is shared."""

        def page(asked: Asked) -> Deferred[Answer]:
            text = SharedText(lambda: render_influxdb(env.metrics.root, asked.host), env.clock)
            return text.ask().addCallback(answer)

        def answer(pieces: list[bytes]) -> Answer:
            return Answer(content_type=CONTENT_TYPE, rest=pieces)

        return Telemeter({PATH: page})
