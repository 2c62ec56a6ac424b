"""The section `register.csv` of school.yaml: any CSV file, its columns named by the school."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, model_validator

from school.config.section import FilePath, Section, Text, frozen

RegisterRole = Literal["teacher", "student", "guardian"]
"""What a register can say that somebody is; roles of the school's own are given by `register.roles`."""


class CsvColumns(Section):
    """What the columns are called in the first row."""

    id: Text
    given_name: Text
    family_name: Text
    role: Text | None = None
    groups: tuple[Text, ...] = ()
    leadership: Text | None = None
    wards: Text | None = None


class CsvSource(Section):
    """A file with a row for each person, or one for each guardian and child."""

    file: FilePath
    separator: Literal[";", ",", "\t", "|"] = ";"
    list_separator: Text = ","
    columns: CsvColumns
    role: RegisterRole | None = None
    roles: Annotated[Mapping[Text, RegisterRole], AfterValidator(frozen)] = {}
    left_out: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _has_one_way_to_a_role(self) -> Self:
        if (self.role is None) == (self.columns.role is None):
            raise ValueError("must have either role, for all in the file, or columns.role, the column that says it.")
        if self.columns.role is None and (self.roles or self.left_out):
            raise ValueError("has roles or left_out, but no columns.role; name the column with the words.")
        if self.columns.role is not None and not self.roles:
            raise ValueError('needs roles: which word in the column is which role, such as "Lehrer: teacher".')
        return self
