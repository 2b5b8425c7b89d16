"""Interpreter `io.l5d.fs`: a dtab in a file.

The file may change at any time. While it is missing nothing new is bound; if it does not parse,
the dtab it held before stays in use, and the log says where the mistake is.

Source: discovery spec, section 3; naming spec, sections 2.8 and 9.
"""

import os
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from linkerpy.config.fields import File
from linkerpy.core.activity import PENDING, Activity, Failed, Ok, State
from linkerpy.core.closable import Closable
from linkerpy.core.computed import Read, computed
from linkerpy.core.errors import BindingFailed
from linkerpy.core.var import Async
from linkerpy.naming.dtab import Dtab
from linkerpy.naming.namer import Interpreter, PrefixedNamer
from linkerpy.naming.parser import NameSyntaxError
from linkerpy.naming.stored import StoredDtabInterpreter
from linkerpy.net.files import watch_directory
from linkerpy.net.live_files import LiveFiles
from linkerpy.net.log import logger
from linkerpy.router.dtabs import dtab_interpreter
from linkerpy.router.families import InterpreterConfig

if TYPE_CHECKING:  # checking a file needs no network
    from linkerpy.router.env import Env

MAX_SIZE: Final = 1024 * 1024
"""Bytes of a dtab file."""

log = logger("linkerpy.naming")


class FsInterpreterConfig(InterpreterConfig):
    """Puts the dtab in `dtabFile` before the router's own."""

    KIND: ClassVar[str] = "io.l5d.fs"
    LOCAL: ClassVar[bool] = True

    dtab_file: File
    """The file with the dtab; followed while it runs."""

    def build(self, env: "Env", namers: list[PrefixedNamer]) -> Interpreter:
        """See `InterpreterConfig.build`."""
        file = DtabFile(self.dtab_file, LiveFiles(partial(watch_directory, env.reactor)))
        return StoredDtabInterpreter(file.dtab, dtab_interpreter(env, namers))


class DtabFile:
    """The dtab in the file `path`: read once for all who observe it."""

    def __init__(self, path: str, files: LiveFiles) -> None:
        self._path = os.path.abspath(path)
        self._files = files
        self._good: Dtab | None = None
        self.dtab: Activity[Dtab] = Activity(Async(PENDING, self._start))

    def _start(self, update: Callable[[State[Dtab]], None]) -> Closable:
        return computed(self._content).observe(lambda state: update(self._dtab(state)))

    def _content(self, read: Read) -> State[bytes | None]:
        directory = os.path.dirname(self._path)
        place = read("directory", partial(self._files.entry, directory))
        return read(("file", place), partial(self._files.content, self._path, MAX_SIZE))

    def _dtab(self, state: State[bytes | None]) -> State[Dtab]:
        if isinstance(state, Failed):
            return self._bad(f"{self._path}: {state.error}")
        if not isinstance(state, Ok) or state.value is None:
            return PENDING
        try:
            self._good = Dtab.parse(state.value.decode("utf-8-sig", "replace"))
        except NameSyntaxError as error:
            what = error.message.partition(" at '")[0]  # the rest is the whole text
            return self._bad(f"{self._path}:{error.line}:{error.column}: {what}")
        return Ok(self._good)

    def _bad(self, reason: str) -> State[Dtab]:
        """What to go on with, and the word in the log about it."""
        if self._good is None:
            log.error("there is no dtab to bind names with: {reason}", reason=reason)
            return Failed(BindingFailed(reason))
        log.error("the previous dtab stays in use: {reason}", reason=reason)
        return Ok(self._good)
