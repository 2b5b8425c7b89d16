"""A watch on directories that hears of changes when the test says so."""

from linkerpy.core.closable import OnClose


class FakeWatch:
    """Stands for `watch_directory`; `changed` tells every watcher of a directory."""

    def __init__(self):
        self.watchers = []
        self.refuse = None

    def __call__(self, directory, on_change):
        if self.refuse is not None:
            raise self.refuse
        watcher = (str(directory), on_change)
        self.watchers.append(watcher)
        return OnClose(lambda: self.watchers.remove(watcher))

    @property
    def directories(self):
        """What is watched, sorted; a directory watched twice is there twice."""
        return sorted(directory for directory, _ in self.watchers)

    def changed(self, directory):
        for watched, on_change in list(self.watchers):
            if watched == str(directory):
                on_change()
