"""Words of the filter language, which Milvus refuses as names of fields: no filter could name the field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..errors import ParamError

if TYPE_CHECKING:
    from .fields import Field

RESERVED_NAMES: Final = frozenset(
    {
        *("and", "or", "not", "in", "like", "exists", "true", "false", "null"),
        *(f"{kind}_contains{which}" for kind in ("json", "array") for which in ("", "_all", "_any")),
        *("array_length", "text_match", "phrase_match", "random_sample"),
    }
)
"""In lower case; every spelling is reserved."""


def check_field_name(field: Field) -> None:
    """Raise ParamError if a new field, or a member of its structs, cannot have its name.

    Only new ones: a file that already has such a field stays readable.
    """
    for each in (field, *field.members):
        if each.name.lower() in RESERVED_NAMES:
            raise ParamError(
                code=1701,
                message=f"invalid field name {each.name!r}: it is a word of the filter language, as in Milvus: "
                f"expected another name, such as '{each.name}_'",
            )
