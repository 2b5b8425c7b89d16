"""Clients that ask again and again while a test changes the world under them."""

import threading

import requests


class Load:
    """While it lasts, each thread asks over one kept connection; every answer is noted, in order.

    An exception of a client ends its thread and is raised when the load ends: it is a failure that
    a user would have seen.
    """

    def __init__(self, url, host, threads=4):
        self.answers = []
        """(status, body) of each request that was answered."""
        self._asking = url, {"Host": host}
        self._changed = threading.Condition()
        self._over = False
        self._failures = []
        self._threads = [
            threading.Thread(target=self._run, args=(number,), daemon=True)
            for number in range(threads)
        ]
        self._latest = [None] * threads

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._over = True
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive(), "a client hangs"
        if self._failures:
            raise self._failures[0]

    def wait_for_more(self, count):
        """Wait until that many more answers have come."""
        target = len(self.answers) + count
        self._wait(lambda: len(self.answers) >= target)

    def wait_for_all(self, *bodies):
        """Wait until the last answer of every client is a 200 with one of these bodies."""
        self._wait(lambda: all(one in [(200, body) for body in bodies] for one in self._latest))

    def _wait(self, condition):
        with self._changed:
            happened = self._changed.wait_for(lambda: self._failures or condition(), timeout=60)
        assert happened, f"the load stands at {len(self.answers)} answers, last {self._latest}"

    def _run(self, number):
        url, headers = self._asking
        try:
            with requests.Session() as session:
                session.trust_env = False
                while not self._over:
                    answer = session.get(url, headers=headers, timeout=30)
                    with self._changed:
                        self._latest[number] = answer.status_code, answer.content
                        self.answers.append(self._latest[number])
                        self._changed.notify_all()
        except requests.RequestException as error:
            with self._changed:
                self._failures.append(error)
                self._changed.notify_all()
