"""`/ui/names.json`: the names that the routers follow at present, and what became of each.

Made in short turns, once for all who ask at that moment: a router may follow thousands.
"""

import json
from collections.abc import Iterator

from twisted.internet.defer import Deferred

from linkerpy.admin.state import AdminState
from linkerpy.core.clock import Clock
from linkerpy.net.gradual import SharedText
from linkerpy.net.web import JSON, Answer, Asked, Page


def names_page(state: AdminState, clock: Clock) -> Page:
    """The page."""

    def pieces() -> Iterator[str]:
        yield f'{{"namers": {json.dumps(list(state.namers))}, "names": ['
        comma = ""
        for router in state.routers():
            for name in router.names():
                yield comma + json.dumps({"router": router.label, **name})
                comma = ",\n"
        yield "]}"

    text = SharedText(pieces, clock)

    def page(_asked: Asked) -> Deferred[Answer]:
        return text.ask().addCallback(lambda pieces: Answer(content_type=JSON, rest=pieces))

    return page
