"""docs/voicexml.md agrees with the tables, and with what happens."""

from __future__ import annotations

from pathlib import Path

import pytest

from mirabelle.vxml.elements import ELEMENTS
from mirabelle.vxml.properties import DEFAULTS
from mirabelle.vxml.reference import ATTRIBUTE_REMARKS, CHAPTERS, ELEMENT_REMARKS, reference
from tests.unit.vxml.running import block, key, run, vxml

PAGE = Path(__file__).parents[3] / "docs" / "voicexml.md"


def test_the_page_is_what_the_tables_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), "python -m mirabelle.vxml.reference > docs/voicexml.md"


def test_every_element_has_its_place() -> None:
    assert {kind.name for _, elements in CHAPTERS for kind in elements} == set(ELEMENTS)


def test_every_remark_is_about_something() -> None:
    assert set(ELEMENT_REMARKS) <= set(ELEMENTS)
    known = {(kind.name, name) for kind in ELEMENTS.values() for name in kind.attributes}
    known |= {("*", name) for _, name in known}
    assert set(ATTRIBUTE_REMARKS) <= known


@pytest.mark.parametrize("name", sorted(DEFAULTS))
def test_every_property_is_there(name: str) -> None:
    assert f"| `{name}` |" in reference()


CAUGHT = '<catch><log expr="_event"/><exit/></catch>'


@pytest.mark.parametrize(
    ("body", "event"),
    [
        ('<form><object name="o" classid="x"/>{}</form>', "error.unsupported.objectname"),
        ('<form><record name="r" type="audio/mpeg"/>{}</form>', "error.unsupported.format"),
        ('<form><field type="colour"/>{}</form>', "error.unsupported.builtin"),
        ('<form><field><grammar type="application/x-other">a</grammar></field>{}</form>', "error.unsupported.format"),
        ('<form><block><submit next="x" enctype="image/png"/></block>{}</form>', "error.unsupported.format"),
    ],
)
def test_what_is_not_there_throws_what_the_page_says(body: str, event: str) -> None:
    assert run(vxml(body.format(CAUGHT)), "1").logs == [event]
    assert f"`{event}`" in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "body",
    [
        block('<prompt>a<lexicon uri="x"/><break size="small"/></prompt><log>here</log>'),
        block('<prompt><speak version="1.0">a</speak></prompt><log>here</log>'),
        block('<audio src="x.wav" fetchhint="prefetch" maxage="5" maxstale="5"><desc>b</desc>a</audio><log>here</log>'),
        vxml(
            '<meta name="by" content="me"/><property name="my" value="1"/><form><block><log>here</log></block></form>'
        ),
        vxml(f"<form><field>{key('1')}<filled><log>here</log></filled></field></form>", 'xmlns:a="b" a:c="d"'),
    ],
)
def test_what_is_taken_without_effect_does_no_harm(body: str) -> None:
    assert run(body, "1").logs == ["here"]
