"""Ids of rows in addresses and forms: a number that no column can hold names nothing, and is no fault."""

from typing import Any

from werkzeug.routing import IntegerConverter, Map

LARGEST = 2**31 - 1


class RowId(IntegerConverter):
    """The `int` of our routes."""

    def __init__(self, map: Map, *args: Any, **options: Any) -> None:
        super().__init__(map, *args, **{"min": 1, "max": LARGEST, **options})


def row_id(text: str) -> int:
    """For `args.get(name, type=row_id)`: the number, or ValueError, which means that there is none."""
    number = int(text)
    if not 1 <= number <= LARGEST:
        raise ValueError(text)
    return number
