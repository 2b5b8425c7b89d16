"""DstName: where a server's connections want to go; `{sni}` in it is the name the caller asks for.

Used by the server's configuration and its stack.
"""

from dataclasses import dataclass

from linkerpy.naming.path import Path

_SNI = "{sni}"
_MARK = "$sni$"  # stands for it in the parsed path


@dataclass(frozen=True, slots=True)
class DstName:
    """A path that may hold `{sni}`, by itself or within an element."""

    text: str
    path: Path

    @classmethod
    def parse(cls, text: str) -> "DstName":
        """The name that `text` spells.

        Raises: NameSyntaxError.
        """
        return cls(text, Path.parse(text.replace(_SNI, _MARK)))

    def __str__(self) -> str:
        return self.text

    @property
    def wants_sni(self) -> bool:
        """Whether the name depends on the caller."""
        return _SNI in self.text

    def fill(self, sni: str) -> Path:
        """The name for a caller that asks for `sni`."""
        mark, name = _MARK.encode(), sni.encode()
        return Path(tuple([element.replace(mark, name) for element in self.path.elems]))
