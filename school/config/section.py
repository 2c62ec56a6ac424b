"""What all sections of school.yaml have in common, and the types of values that several of them have."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, PlainValidator, ValidationInfo

from school.config import values
from school.config.source import Source
from school.domain.people import Role


class Section(BaseModel):
    """One section: its keys are the fields. All of it is frozen, and a key that is no field is an error."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, validate_default=True, hide_input_in_errors=True
    )


def source_of(info: ValidationInfo) -> Source:
    """The file that is being read."""
    source = info.context
    assert isinstance(source, Source)  # noqa: S101 - load.py is the only caller and always passes it
    return source


def _in_folder(path: object, info: ValidationInfo) -> Path:
    return values.path_in(source_of(info).folder, path)


_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


def frozen(mapping: Mapping[_Key, _Value]) -> Mapping[_Key, _Value]:
    """The same, for reading only."""
    return MappingProxyType(dict(mapping))


Text = Annotated[str, AfterValidator(values.some_text)]
WebAddress = Annotated[str, AfterValidator(values.web_address)]
FilePath = Annotated[Path, PlainValidator(_in_folder)]
RoleName = Annotated[Role, AfterValidator(values.role)]
Dates = Annotated[frozenset[date], PlainValidator(values.dates)]
