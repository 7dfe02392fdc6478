"""What every record at the border of the program has in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", examples=["9f86d081884c7d659a2feaa0c55ad015" * 2])]
Milliseconds = Annotated[int, Field(examples=[1784635200000])]
Labels = dict[str, str | None]


class Record(BaseModel):
    """A frozen value. Unknown fields are dropped, nothing is coerced, and no error prints a value."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="ignore",
        hide_input_in_errors=True,
        populate_by_name=True,
        serialize_by_alias=True,
    )


class Closed(Record):
    """A record in which an unknown field is an error: what people write by hand."""

    model_config = ConfigDict(extra="forbid")
