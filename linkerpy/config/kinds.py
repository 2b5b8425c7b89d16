"""The registry of kinds: which class a `kind` in a file stands for.

A *family* is what a place in the file accepts (`namer`, `interpreter`, `http.identifier`, …); a row
says that (family, kind) is "module:Class". Modules are imported when a file first names the kind.
Built-in rows are installed by the application; third parties add theirs through the entry point
group `linkerpy.plugins`, one entry per kind, named `family:kind`:

    [options.entry_points]
    linkerpy.plugins =
        namer:com.example.registry = example_plugin.registry:RegistryConfig

Source: config spec, sections 2 and 18.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError, ValidationInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

from linkerpy.config.fields import as_flag, as_text
from linkerpy.config.model import Choice, error_details
from linkerpy.config.notyet import not_yet, tolerated

GROUP = "linkerpy.plugins"
"""The entry point group of third-party kinds."""

UNKNOWN_KIND = "unknown_kind"
"""Error type: nothing is registered under the name. Context: `key`, `kind`, `known`."""

EXPERIMENTAL = "experimental"
"""Error type: an experimental kind without `experimental: true`. Context: `subject`."""


FAMILY = "x-family"
"""In unfinished JSON Schema, the key that names a family."""


_ASK_FOR_IT = (
    "The {subject} is experimental and must be explicitly enabled by setting the "
    "`experimental' parameter to `true'{where}."
)


class DuplicateKindError(Exception):
    """Two classes claim the same kind of one family."""


class BrokenKindError(Exception):
    """A registered class cannot be had: its module fails to import, or has no such class."""


class Registry:
    """Rows (family, kind) -> "module:Class"."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], str] = {}
        self._loaded: dict[tuple[str, str], type[Choice]] = {}

    def add(self, family: str, kind: str, where: str) -> None:
        """Register a kind.

        Raises: DuplicateKindError when another class has the name.
        """
        known = self._rows.setdefault((family, kind), where)
        if known != where:
            raise DuplicateKindError(f"{family} kind {kind!r} is both {known} and {where}")

    def install(self, rows: Mapping[tuple[str, str], str]) -> None:
        """Register many kinds.

        Raises: DuplicateKindError.
        """
        for (family, kind), where in rows.items():
            self.add(family, kind, where)

    def install_entry_points(self) -> None:
        """Register the kinds of installed third-party packages.

        Raises: DuplicateKindError; BrokenKindError for an entry not named `family:kind`.
        """
        for entry in entry_points(group=GROUP):
            self._add_entry(entry)

    def _add_entry(self, entry: EntryPoint) -> None:
        family, colon, kind = entry.name.partition(":")
        if not (family and colon and kind):
            raise BrokenKindError(f"{GROUP} entry {entry.name!r} is not named `family:kind`")
        self.add(family, kind, entry.value)

    def of(self, family: str) -> list[str]:
        """The kinds of a family, sorted."""
        return sorted(kind for its_family, kind in self._rows if its_family == family)

    def families(self) -> list[str]:
        """All families, sorted."""
        return sorted({family for family, _ in self._rows})

    def find(self, family: str, kind: str) -> type[Choice] | None:
        """The class of a kind, imported on first use; None when there is no such kind.

        Raises: BrokenKindError.
        """
        key = (family, kind)
        if key not in self._loaded:
            where = self._rows.get(key)
            if where is None:
                return None
            self._loaded[key] = _import(where, key)
        return self._loaded[key]


def _import(where: str, key: tuple[str, str]) -> type[Choice]:
    module, _, name = where.partition(":")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise BrokenKindError(f"{key[0]} kind {key[1]!r}: cannot load {where}: {error}") from error
    if not (isinstance(found, type) and issubclass(found, Choice)):
        raise BrokenKindError(f"{key[0]} kind {key[1]!r}: {where} is not a configuration class")
    return found


REGISTRY = Registry()
"""The registry that files are read with."""


@dataclass(frozen=True, slots=True)
class KindOf:
    """The annotated key holds an object of one of a family's kinds."""

    family: str
    key: str = "kind"
    default: str | None = None
    """The kind of an object that names none."""
    gated: bool = True
    """Whether experimental kinds have to be asked for here."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Look the kind up and let its class read the object."""
        return core_schema.with_info_plain_validator_function(
            self._validate,
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda model: model.model_dump(mode="json", by_alias=True, exclude_unset=True)
            ),
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """The family's name; `jsonschema` knows what to make of it."""
        return {FAMILY: self.family}

    def _validate(self, value: Any, info: ValidationInfo) -> Choice:
        if isinstance(value, Choice):
            return value
        if not isinstance(value, dict):
            raise PydanticCustomError("not_mapping", "must be a mapping with a `{key}`", _ctx(self))
        kind = as_text(value.get(self.key))
        if kind is None:
            kind = self.default
        if kind is None:
            raise _failed(self, InitErrorDetails(type="missing", loc=(self.key,), input=value))
        return self._read(self._class_of(kind), {**value, self.key: kind}, info)

    def _class_of(self, kind: Any) -> type[Choice]:
        found = REGISTRY.find(self.family, kind) if isinstance(kind, str) else None
        if found is not None:
            return found
        context = {**_ctx(self), "kind": str(kind), "known": REGISTRY.of(self.family)}
        unknown = PydanticCustomError(UNKNOWN_KIND, "unknown {key} `{kind}`", context)
        raise _failed(self, InitErrorDetails(type=unknown, loc=(self.key,), input=kind))

    def _read(self, chosen: type[Choice], value: dict[str, Any], info: ValidationInfo) -> Choice:
        errors = [
            InitErrorDetails(type=refusal, loc=(chosen.KEY,), input=value[chosen.KEY])
            for refusal in self._refusals(chosen, value, info)
        ]
        try:
            model = chosen.model_validate(value, context=info.context, by_alias=True, by_name=False)
        except ValidationError as failed:
            errors += error_details(failed)
        if errors:
            raise _failed(self, *errors)
        return model

    def _refusals(
        self, chosen: type[Choice], value: dict[str, Any], info: ValidationInfo
    ) -> Iterator[PydanticCustomError]:
        """Why a kind may not be used although it exists."""
        asked_for = as_flag(value.get("experimental")) is True
        if chosen.EXPERIMENTAL and self.gated and not asked_for:
            prefix = str(value.get("prefix") or f"/{chosen.KIND}")
            subject = chosen.EXPERIMENTAL.replace("{prefix}", prefix)
            where = " on each router" if self.key == "protocol" else ""
            context = {"subject": subject, "where": where}
            yield PydanticCustomError(EXPERIMENTAL, _ASK_FOR_IT, context)
        if chosen.NOT_YET and not tolerated(info):
            yield not_yet(chosen.NOT_YET)


def _ctx(place: KindOf) -> dict[str, Any]:
    return {"key": place.key, "family": place.family}


def _failed(place: KindOf, *errors: InitErrorDetails) -> ValidationError:
    return ValidationError.from_exception_data(place.family, list(errors))
