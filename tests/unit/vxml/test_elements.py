from __future__ import annotations

import pytest

from mirabelle.vxml.elements import ELEMENTS, EXECUTABLE, FORM_ITEMS, HANDLERS, TEXT, ElementType, Kind

EVERY = [pytest.param(kind, id=kind.name) for kind in ELEMENTS.values()]

VOICEXML_2_0 = set(
    """
    assign audio block catch choice clear disconnect else elseif enumerate error exit field filled form goto grammar
    help if initial link log menu meta metadata noinput nomatch object option param prompt property record reprompt
    return script subdialog submit throw transfer value var vxml
    """.split()  # noqa: SIM905
)
VOICEXML_2_1 = {"data", "foreach"}
SSML_1_0 = {
    "audio", "break", "desc", "emphasis", "lexicon", "mark", "meta", "metadata", "p", "phoneme", "prosody", "s",
    "say-as", "speak", "sub", "voice",
}  # fmt: skip
SRGS_1_0 = {
    "example", "grammar", "item", "lexicon", "meta", "metadata", "one-of", "rule", "ruleref", "tag", "token",
}  # fmt: skip
OF_OLDER_PLATFORMS = {"paragraph", "sentence"}
WRITTEN_DOWN = VOICEXML_2_0 | VOICEXML_2_1 | SSML_1_0 | SRGS_1_0 | OF_OLDER_PLATFORMS


@pytest.mark.parametrize("name", sorted(WRITTEN_DOWN))
def test_the_table_has_every_element_of_the_recommendations(name: str) -> None:
    assert name in ELEMENTS


def test_the_table_has_no_others() -> None:
    assert set(ELEMENTS) == WRITTEN_DOWN


def test_what_is_new_in_2_1_says_so() -> None:
    assert {kind.name for kind in ELEMENTS.values() if kind.since == "2.1"} == VOICEXML_2_1


@pytest.mark.parametrize("kind", EVERY)
def test_children_are_elements_of_the_table(kind: ElementType) -> None:
    assert kind.children <= set(ELEMENTS)


@pytest.mark.parametrize("kind", EVERY)
def test_every_element_but_the_outermost_has_a_place(kind: ElementType) -> None:
    assert kind.name == "vxml" or any(kind.name in other.children for other in ELEMENTS.values())


@pytest.mark.parametrize("kind", EVERY)
def test_groups_speak_of_attributes_there_are(kind: ElementType) -> None:
    for group in kind.groups:
        assert len(group.names) > 1
        assert set(group.names) <= {*kind.attributes, TEXT}
        assert not set(group.names) & set(kind.required)


@pytest.mark.parametrize("kind", EVERY)
def test_words_are_given_where_an_attribute_is_one_of_them(kind: ElementType) -> None:
    for attribute in kind.attributes.values():
        assert bool(attribute.values) == (attribute.kind is Kind.CHOICE)


@pytest.mark.parametrize("kind", EVERY)
def test_the_purpose_is_a_phrase(kind: ElementType) -> None:
    assert kind.purpose
    assert not kind.purpose.endswith(".")


@pytest.mark.parametrize("name", sorted(HANDLERS | {"block", "filled"}))
def test_actions_stand_in_handlers_blocks_and_filled(name: str) -> None:
    assert ELEMENTS[name].children >= EXECUTABLE


@pytest.mark.parametrize("name", sorted(FORM_ITEMS))
def test_a_form_item_has_a_name_a_value_and_a_guard(name: str) -> None:
    assert {"name", "expr", "cond"} <= set(ELEMENTS[name].attributes)
    assert name in ELEMENTS["form"].children
