"""What is wrong with a field of a request, in precord's own words instead of pydantic's.

Source: pydantic's list of errors, https://docs.pydantic.dev/latest/errors/validation_errors/
The words are then those of every other refusal: one English sentence that has a German one.
"""

from collections.abc import Mapping
from typing import Any

_DAY = "expected a day such as 2026-01-31"
_SAID = {
    "missing": "is missing",
    "greater_than_equal": "expected at least {ge}",
    "less_than_equal": "expected at most {le}",
    "greater_than": "expected more than {gt}",
    "less_than": "expected less than {lt}",
    "int_parsing": "expected a whole number",
    "int_parsing_size": "expected a whole number",
    "int_type": "expected a whole number",
    "int_from_float": "expected a whole number",
    "float_parsing": "expected a number",
    "float_type": "expected a number",
    "finite_number": "expected a number",
    "bool_parsing": "expected one of 'true', 'false'",
    "bool_type": "expected one of 'true', 'false'",
    "string_type": "expected a text",
    "string_too_short": "expected at least {min_length} characters",
    "string_too_long": "expected at most {max_length} characters",
    "list_type": "expected a list",
    "too_short": "expected at least {min_length} entries",
    "too_long": "expected at most {max_length} entries",
    "enum": "expected one of {expected}",
    "literal_error": "expected one of {expected}",
    "date_type": _DAY,
    "date_parsing": _DAY,
    "date_from_datetime_parsing": _DAY,
    "date_from_datetime_inexact": _DAY,
    "dict_type": "expected an object with fields",
    "model_type": "expected an object with fields",
    "model_attributes_type": "expected an object with fields",
    "extra_forbidden": "no such field",
    "json_invalid": "no valid JSON",
}


def describe(error: Mapping[str, Any]) -> str:
    """Return one of pydantic's errors on one line: which field, and what was expected."""
    where = ".".join(map(str, error["loc"]))
    context = error.get("ctx", {})
    said = _SAID.get(error["type"], error["msg"])
    if "Expected UploadFile" in error["msg"]:  # FastAPI's own, of a field that is no file
        said = "expected a file"
    elif error["type"] in _SAID:
        said = said.format_map({k: str(v).replace(" or ", ", ") for k, v in context.items()})
    return f"{where}: {said}"
