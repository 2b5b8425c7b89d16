"""A client whose endpoints do as the test says: they answer late, stream, fail."""

from linkerpy.codec.body import EMPTY
from linkerpy.core.drive import drive
from linkerpy.core.reply import Reply
from linkerpy.core.var import Source
from linkerpy.naming.addr import Address, bound
from linkerpy.policy.balance import CLOSED, OPEN
from linkerpy.router.client import Client
from linkerpy.router.dst import Context
from tests.support.env import counts, fake_env


class Response:
    def __init__(self, body=EMPTY):
        self.body = body


class Request:
    def __init__(self):
        self.ctx = Context("1.2.3.4:5")


class FakeEndpoint:
    """Keeps its requests until `answer` or `fail`; counts its load as a real one does."""

    def __init__(self, address):
        self.address = address
        self.load = 0
        self.status = OPEN
        self.asked = []

    @property
    def weight(self):
        return self.address.weight

    async def send(self, _request):
        self.load += 1
        reply = Reply()
        self.asked.append(reply)
        try:
            response = await reply
        except BaseException:
            self.load -= 1
            raise
        response.body.on_end(self._one_less)
        return response

    def _one_less(self, _outcome):
        self.load -= 1

    def answer(self, body=EMPTY):
        self.asked.pop(0).resolve(Response(body))

    def fail(self, error):
        self.asked.pop(0).fail(error)

    def close(self):
        self.status = CLOSED


def addresses(*numbers):
    return bound(*(Address(f"10.0.0.{number}", 80) for number in numbers))


class Balanced:
    """A client with endpoints 10.0.0.N, balanced by an algorithm (a function of the Env)."""

    def __init__(self, algorithm, addr):
        self.env = fake_env()
        self.env.random.seed(1)
        self.addr = Source(addr)
        self.made = {}
        self.client = Client(self.addr, self._make, algorithm(self.env), self.env.metrics, self.env)

    def _make(self, address):
        endpoint = FakeEndpoint(address)
        self.made[int(address.ip.rpartition(".")[2])] = endpoint
        return endpoint

    def send(self):
        """Send a request: its drive, and a list that its outcome will be in."""
        told = []

        async def run():
            return await self.client.send(Request())

        return drive(run(), lambda result, error: told.append(error or result)), told

    def asked(self, requests):
        """Send requests and see who gets how many; all are answered afterwards."""
        for _ in range(requests):
            self.send()
        found = {number: len(endpoint.asked) for number, endpoint in self.made.items()}
        for endpoint in self.made.values():
            while endpoint.asked:
                endpoint.answer()
        return {number: count for number, count in found.items() if count}

    @property
    def nodes(self):
        return list(self.client._nodes.values())

    def figures(self):
        """Gauges below `loadbalancer`, by name."""
        return {
            "/".join(names[1:]): metric.value
            for names, metric in self.env.metrics.walk()
            if names[0] == "loadbalancer" and type(metric).__name__ == "Gauge"
        }

    def counts(self):
        return {
            name.removeprefix("loadbalancer/"): count
            for name, count in counts(self.env.metrics).items()
        }
