"""The house rules that no linter knows: where things are, how large, and what they may import.

Which floor may import which is said and checked by the import contracts in setup.cfg.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "linkerpy"
TESTS = ROOT / "tests"
MODULES = sorted(PACKAGE.rglob("*.py"))
PURE_FLOORS = ("core", "naming", "codec", "policy", "telemetry", "config")
FILE_CAP, FUNCTION_CAP = 400, 60
BANNED_WORDS = ("utils", "util", "helpers", "helper", "manager", "misc", "common")
NO_DEFERREDS = ("router/**/*.py", "protocol/*/filters*.py", "protocol/*/stacks*.py")

each_module = pytest.mark.parametrize(
    "path", MODULES, ids=[path.relative_to(ROOT).as_posix() for path in MODULES]
)


@cache
def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def imports(path: Path) -> Iterator[str]:
    """Every dotted name a module imports; of `from a import b` both `a` and `a.b`."""
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@each_module
def test_a_module_opens_with_a_docstring(path: Path) -> None:
    assert path.stat().st_size == 0 or ast.get_docstring(parse(path)), "say what it is"


@each_module
def test_a_file_fits_on_a_few_pages(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= FILE_CAP, "split it by noun"


@each_module
def test_a_function_fits_on_a_page(path: Path) -> None:
    long = [
        f"{node.name} ({lines} lines)"
        for node in ast.walk(parse(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := length(node)) > FUNCTION_CAP
    ]
    assert not long


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring."""
    first = function.body[0]
    documented = ast.get_docstring(function, clean=False) is not None
    docstring = (first.end_lineno or 0) - first.lineno + 1 if documented else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring


@each_module
def test_a_module_is_named_for_what_it_is(path: Path) -> None:
    assert path.stem not in BANNED_WORDS


@each_module
def test_every_directory_of_modules_is_a_package(path: Path) -> None:
    assert (path.parent / "__init__.py").is_file(), "import contracts overlook it otherwise"


def test_the_router_and_the_stacks_know_no_deferreds() -> None:
    offenders = [
        path.relative_to(ROOT).as_posix()
        for pattern in NO_DEFERREDS
        for path in PACKAGE.glob(pattern)
        if "twisted.internet.defer" in imports(path)
    ]
    assert not offenders, "services are coroutines, run by linkerpy.core.drive"


def test_only_the_programs_take_the_global_reactor() -> None:
    programs = {f"linkerpy/app/{name}.py" for name in ("tap", "welcome", "worker")}
    takers = {
        path.relative_to(ROOT).as_posix()
        for path in MODULES
        if "twisted.internet.reactor" in imports(path)
    }
    assert takers <= programs, "pass the reactor or the clock in"


def test_twisted_owns_its_plugin_package() -> None:
    assert [path.name for path in (ROOT / "twisted").rglob("*.py")] == ["linkerpy_plugin.py"]


def mirrored(test: Path) -> bool:
    """Whether tests/a/test_b.py or tests/a/test_b_more.py is about linkerpy/a/b.py or all of a."""
    folder = PACKAGE / test.parent.relative_to(TESTS)
    words = test.stem.removeprefix("test_").split("_")
    names = ["_".join(words[:count]) for count in range(1, len(words) + 1)]
    modules = any((folder / f"{name}.py").is_file() or (folder / name).is_dir() for name in names)
    return modules or folder.name in names


def test_a_test_stands_where_its_module_stands() -> None:
    floors = {path.name for path in PACKAGE.iterdir() if path.is_dir()}
    stray = [
        test.relative_to(ROOT).as_posix()
        for test in TESTS.rglob("test_*.py")
        if test.relative_to(TESTS).parts[0] in floors and not mirrored(test)
    ]
    assert not stray


def test_every_module_of_the_pure_floors_has_its_tests() -> None:
    untested = [
        path.relative_to(ROOT).as_posix()
        for floor in PURE_FLOORS
        for path in (PACKAGE / floor).rglob("*.py")
        if defines_functions(path) and not is_tested(path)
    ]
    assert not untested, "\n".join(untested)


def defines_functions(path: Path) -> bool:
    """Whether there is anything to run: vocabulary and protocols need no tests of their own."""
    functions = [node for node in ast.walk(parse(path)) if isinstance(node, ast.FunctionDef)]
    return any(not is_abstract(function) for function in functions)


def is_abstract(function: ast.FunctionDef) -> bool:
    """Whether a body is nothing but a docstring and `...`."""
    return all(
        isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant)
        for line in function.body
    )


def is_tested(path: Path) -> bool:
    """Whether a test file of its floor imports a module, or is named for it or its whole.

    The whole of http1_head.py is http1.py: a noun that outgrew one file.
    """
    relative = path.relative_to(PACKAGE)
    module = ".".join(("linkerpy", *relative.with_suffix("").parts)).removesuffix(".__init__")
    whole = path.stem.partition("_")[0]
    noun = whole if path.with_stem(whole).is_file() else path.stem
    tests = (TESTS / relative.parts[0]).rglob("test_*.py")
    return any(test.stem.startswith(f"test_{noun}") or module in imports(test) for test in tests)
