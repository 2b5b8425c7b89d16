"""Watchers that note what they are told."""


class Seen:
    """What became of an endpoint, in order."""

    def __init__(self):
        self.events = []

    def dead(self, seconds, *, removed):
        self.events.append(("removed" if removed else "kept out", seconds))

    def probed(self):
        self.events.append("probed")

    def revived(self):
        self.events.append("revived")


class Marks:
    """What became of endpoints that failFast looks after."""

    def __init__(self):
        self.events = []

    def marked_dead(self, _endpoint):
        self.events.append("dead")

    def marked_available(self, _endpoint):
        self.events.append("available")

    def gone(self, _endpoint):
        self.events.append("gone")
