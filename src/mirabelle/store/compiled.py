"""Statements as text for a driver, compiled once each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.compiler import SQLCompiler


@dataclass(frozen=True, slots=True)
class CompiledStatement:
    """A statement for one store.

    Attributes:
        sql: its text, with positional parameters.
        names: those parameters in order.
        fixed: the values of parameters that the statement brings along itself.
    """

    sql: str
    names: tuple[str, ...]
    fixed: Mapping[str, Any]

    def arguments(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """The parameters in order."""
        if self.fixed:
            values = {**self.fixed, **values}
        return tuple([values[name] for name in self.names])

    def many_arguments(self, values: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
        """The parameters in order, for each of several runs."""
        return [self.arguments(each) for each in values]


class CompiledStatements:
    """Turns statements into text for one store, and remembers them.

    Args:
        dialect: the store's, with a positional parameter style.
    """

    def __init__(self, dialect: sa.Dialect) -> None:
        self._dialect = dialect
        self._known: dict[sa.Executable, CompiledStatement] = {}

    def __getitem__(self, statement: sa.Executable) -> CompiledStatement:
        """The compiled form of a statement."""
        known = self._known.get(statement)
        if known is None:
            known = self._known[statement] = self._compile(statement)
        return known

    def _compile(self, statement: sa.Executable) -> CompiledStatement:
        assert isinstance(statement, sa.ClauseElement)
        compiled = statement.compile(dialect=self._dialect)
        assert isinstance(compiled, SQLCompiler)
        fixed = {name: value for name, value in compiled.params.items() if value is not None}
        return CompiledStatement(str(compiled), tuple(compiled.positiontup or ()), fixed)
