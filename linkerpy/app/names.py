"""Assembly of the naming side: namers, interpreters and their transformers.

Source: config spec, section 4 (order of namers); naming spec, sections 2.8, 3.5 and 7.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from linkerpy.core.activity import Activity, Failed, Ok
from linkerpy.core.closable import Closable
from linkerpy.core.errors import BindingFailed
from linkerpy.naming.delegate import DelegateTree, Delegator
from linkerpy.naming.delegate_json import Json, tree_json
from linkerpy.naming.dtab import EMPTY as NO_DTAB
from linkerpy.naming.dtab import Dtab
from linkerpy.naming.interpreter import DtabInterpreter
from linkerpy.naming.namer import BoundTree, Interpreter, PrefixedNamer, TreeTransform
from linkerpy.naming.path import Path
from linkerpy.naming.system import SystemNamer
from linkerpy.naming.transform import transform_interpreter, transform_namer
from linkerpy.net.dns import Resolved, ResolveFailed, ResolveNotFound, Resolver
from linkerpy.net.log import logger
from linkerpy.plugins.interpreters.default import DefaultConfig
from linkerpy.router.config import RouterConfig
from linkerpy.router.env import Env
from linkerpy.router.families import NamerConfig, TransformerConfig

_log = logger("linkerpy.naming")


def build_namers(configs: Iterable[NamerConfig], env: Env) -> list[PrefixedNamer]:
    """The configured namers in file order, each behind its transformers."""
    namers: list[PrefixedNamer] = []

    def bind(path: Path) -> Activity[BoundTree]:
        return DtabInterpreter(namers, SystemNamer(env.inet)).bind(NO_DTAB, path)

    for config in configs:
        transforms = _transforms(config.transformers, env, bind)
        namers.append((config.full_prefix, transform_namer(config.build(env), transforms)))
    return namers


def build_interpreter(config: RouterConfig, namers: list[PrefixedNamer], env: Env) -> Interpreter:
    """A router's interpreter, behind its transformers."""

    def bind(path: Path) -> Activity[BoundTree]:
        return DtabInterpreter(namers, SystemNamer(env.inet)).bind(NO_DTAB, path)

    chosen = config.interpreter or DefaultConfig(kind=DefaultConfig.KIND)
    transforms = _transforms(chosen.transformers, env, bind)
    own = replace(env, within=("rt", config.name))
    return transform_interpreter(chosen.build(own, namers), transforms)


def _transforms(
    configs: Sequence[TransformerConfig], env: Env, bind: Callable[[Path], Activity[BoundTree]]
) -> list[TreeTransform]:
    return [config.build(env, bind) for config in configs]


class Hosts:
    """The system's resolver, as naming wants it answered."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    def resolve(
        self, host: str, on_result: Callable[[Sequence[str] | BaseException | None], None]
    ) -> Closable:
        """See `linkerpy.naming.inet.Resolver`."""

        def told(result: Resolved) -> None:
            match result:
                case ResolveNotFound():
                    on_result(None)
                case ResolveFailed(host, reason):
                    on_result(BindingFailed(f"cannot resolve {host}: {reason}"))
                case addresses:
                    on_result(addresses)

        return self._resolver.resolve(host, told)


Told = Callable[[Json | None, BaseException | None], None]


def explain(interpreter: Interpreter) -> Callable[[str, str, Told], Closable] | None:
    """How `/delegator.json` asks an interpreter; None if it cannot explain itself."""
    if not isinstance(interpreter, Delegator):
        return None

    def ask(dtab: str, path: str, told: Told) -> Closable:
        def answered(state: Ok[DelegateTree] | Failed) -> None:
            if isinstance(state, Failed):
                told(None, state.error)
            else:
                told(tree_json(state.value), None)

        return interpreter.delegate(Dtab.parse(dtab), Path.parse(path)).first(answered)

    return ask


def explain_system(env: Env) -> Callable[[str, str, Told], Closable]:
    """How names are explained without any configured namer."""
    ask = explain(DtabInterpreter((), SystemNamer(env.inet)))
    assert ask is not None  # this kind can always explain itself
    return ask


def bound_names(
    namers: list[PrefixedNamer], env: Env
) -> Callable[[Callable[[list[str]], None]], Closable]:
    """How `/bound-names.json` asks the namers that can enumerate."""
    everything = DtabInterpreter(namers, SystemNamer(env.inet))

    def ask(told: Callable[[list[str]], None]) -> Closable:
        def answered(state: Ok[frozenset[Path]] | Failed) -> None:
            names = state.value if isinstance(state, Ok) else ()
            told(sorted(name.show() for name in names))

        return everything.names().first(answered)

    return ask
