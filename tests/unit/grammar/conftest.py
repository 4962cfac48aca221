"""Short ways to write a grammar down in a test."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mirabelle.grammar import Grammar, load

Abnf = Callable[..., Grammar]
Xml = Callable[..., Grammar]


@pytest.fixture
def abnf() -> Abnf:
    """Loads rules in ABNF whose root is `$main`."""

    def make(rules: str, *, mode: str = "voice", header: str = "") -> Grammar:
        text = f"#ABNF 1.0 UTF-8;\nlanguage en-US;\nmode {mode};\nroot $main;\n{header}\n{rules}"
        return load(text.encode(), uri="http://grammars.test/main.gram")

    return make


@pytest.fixture
def xml() -> Xml:
    """Loads the content of a `grammar` element whose root is `main`."""

    def make(content: str, *, mode: str = "voice", attributes: str = "") -> Grammar:
        text = (
            f'<grammar xmlns="http://www.w3.org/2001/06/grammar" version="1.0" xml:lang="en-US" mode="{mode}" '
            f'root="main" {attributes}>{content}</grammar>'
        )
        return load(text.encode(), uri="http://grammars.test/main.grxml")

    return make
