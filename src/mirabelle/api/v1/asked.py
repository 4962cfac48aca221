"""What the JSON of a request may hold."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, ConfigDict, WrapValidator, model_validator

MOST_STRANGERS: Final = 10
"""Fields that are not ours and are told one by one."""

UNREAD: Final = WrapValidator(lambda value, _validate: value)
"""Marks what comes as it is in the JSON, though the document shows its shape: the handler looks at that itself."""


class Asked(BaseModel):
    """The JSON object of a request: no other fields than ours, and each value of its own type."""

    model_config = ConfigDict(extra="forbid", strict=True)

    @model_validator(mode="before")
    @classmethod
    def _few_strangers(cls, value: Any) -> Any:
        """Tell a flood of fields that are not ours in one sentence, and not in one for each."""
        if isinstance(value, dict) and len(value) > len(cls.model_fields) + MOST_STRANGERS:
            raise ValueError(f"There are {len(value)} fields; at most {len(cls.model_fields)} are known")
        return value
