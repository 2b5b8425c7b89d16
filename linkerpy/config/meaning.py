"""Meaning: what the source says about a configuration key, in the text under its attribute.

For the JSON Schema and the reference of the site, so that neither can be older than the program.
"""

import ast
import inspect
import re
import textwrap
from functools import cache
from itertools import pairwise

from linkerpy.config.model import Model


def meaning(model: type[Model], name: str) -> str:
    """The text under an attribute in the class that last says something about it, or nothing.

    A class that only gives a key another default or range need not repeat what it means.
    """
    ours = (_texts(base) for base in model.__mro__ if issubclass(base, Model))
    return as_files_say(next((texts[name] for texts in ours if name in texts), ""))


def as_files_say(text: str) -> str:
    """A text about attributes as one about keys: a file has no None, it leaves the key out."""
    return re.sub(r"(^|[.;:]\s+)None is", _left_out, text)


def _left_out(found: re.Match[str]) -> str:
    before = found[1]
    word = "left" if before.startswith((";", ":")) else "Left"
    return f"{before}{word} out, it is"


@cache
def _texts(model: type[Model]) -> dict[str, str]:
    """The texts under the attributes of one class; none where its source is not at hand."""
    try:
        source = ast.parse(textwrap.dedent(inspect.getsource(model)))
    except OSError:
        return {}
    (body,) = [node.body for node in source.body if isinstance(node, ast.ClassDef)]
    found: dict[str, str] = {}
    for statement, following in pairwise(body):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            match following:
                case ast.Expr(ast.Constant(str() as text)):
                    found[statement.target.id] = inspect.cleandoc(text)
    return found
