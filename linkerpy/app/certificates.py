"""The certificates that a configuration names: whether they will do, and for how long.

`linkerpy check` asks here. The process itself reads the same files by the same code when it starts.
"""

from collections.abc import Callable, Iterator
from typing import Any

from linkerpy.config.model import Model
from linkerpy.config.report import Mistake
from linkerpy.config.source import Loc, Source
from linkerpy.config.tls import ClientTls, ServerTls
from linkerpy.net.tls_context import Made, make_calling, make_serving
from linkerpy.net.tls_files import TlsConfigError
from linkerpy.protocol.tcp.linkerd_tcp import L5dTcpClientTls, L5dTcpServerTls
from linkerpy.router.tls import calling, serving


def certificate_doubts(config: Model, source: Source) -> tuple[list[Mistake], list[Mistake]]:
    """What cannot work, and what is doubtful, each where the file names it."""
    mistakes: list[Mistake] = []
    doubts: list[Mistake] = []
    for loc, keys in _found(config, ()):
        make = _maker(keys)
        if make is None:
            continue
        try:
            made = make()
        except TlsConfigError as error:
            mistakes.append(_mistake(str(error), loc, keys, source))
        else:
            doubts += [_mistake(text, loc, keys, source) for text in made.warnings]
    return sorted(set(mistakes)), sorted(set(doubts))


Keys = ServerTls | ClientTls | L5dTcpServerTls | L5dTcpClientTls


def _maker(keys: Keys) -> Callable[[], Made] | None:
    if isinstance(keys, L5dTcpServerTls | L5dTcpClientTls):
        return _maker(keys.as_linker())
    if isinstance(keys, ServerTls):
        return lambda: make_serving(serving(keys), _believe)
    return (lambda: make_calling(calling(keys), _believe)) if keys.enabled else None


def _believe(*_: Any) -> bool:
    """Stands for the check of peers, of whom there are none here."""
    return True


def _found(value: Any, loc: Loc) -> Iterator[tuple[Loc, Keys]]:
    """Every `tls`, and where it is."""
    if isinstance(value, Keys):
        yield loc, value
    elif isinstance(value, Model):
        for name, field in type(value).model_fields.items():
            if name in value.model_fields_set:
                yield from _found(getattr(value, name), (*loc, field.alias or name))
    elif isinstance(value, list | tuple):
        for index, element in enumerate(value):
            yield from _found(element, (*loc, index))


def _mistake(text: str, loc: Loc, keys: Model, source: Source) -> Mistake:
    """A text that begins with the name of a file stands where that file is named."""
    path = text.partition(": ")[0]
    return Mistake(source.value_spot(_named(keys, loc, path) or loc), text)


def _named(value: Any, loc: Loc, path: str) -> Loc | None:
    inner: Any = ()
    if isinstance(value, Model):
        fields = type(value).model_fields.items()
        inner = ((field.alias or name, getattr(value, name)) for name, field in fields)
    elif isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list | tuple):
        inner = enumerate(value)
    elif value == path:
        return loc
    found = (_named(element, (*loc, step), path) for step, element in inner)
    return next((one for one in found if one is not None), None)
