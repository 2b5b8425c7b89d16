"""StoredDtabInterpreter: binds with a dtab that is kept somewhere and may change.

For the interpreters over a file, a ConfigMap, a key of Consul; where the dtab comes from is their
business.

Source: naming spec, section 2.8.
"""

from linkerpy.core.activity import Activity
from linkerpy.naming.delegate import DelegateTree
from linkerpy.naming.dtab import Dtab
from linkerpy.naming.interpreter import DtabInterpreter
from linkerpy.naming.namer import BoundTree
from linkerpy.naming.path import Path


class StoredDtabInterpreter:
    """`interpreter` with `dtab` in front of every other dtab; what is not known yet is pending."""

    def __init__(self, dtab: Activity[Dtab], interpreter: DtabInterpreter) -> None:
        self.dtab = dtab
        self._interpreter = interpreter

    def bind(self, dtab: Dtab, path: Path) -> Activity[BoundTree]:
        """See `Interpreter.bind`."""
        bound = self.dtab.flat_map(lambda stored: self._interpreter.bind(stored + dtab, path))
        return bound.dedup()

    def delegate(self, dtab: Dtab, path: Path) -> Activity[DelegateTree]:
        """See `Delegator.delegate`."""
        return self.dtab.flat_map(lambda stored: self._interpreter.delegate(stored + dtab, path))

    def names(self) -> Activity[frozenset[Path]]:
        """See `DtabInterpreter.names`."""
        return self._interpreter.names()
