from __future__ import annotations

from mirabelle import grammar
from mirabelle.grammar.vocabulary import vocabulary

DRINKS = b"""#ABNF 1.0;
language en-US; mode voice; root $order;
public $order = [please] (tea | coffee | "green tea") $milk<0-1>;
$milk = with milk;
"""


def test_the_words_of_all_rules_come_in_their_order_and_once() -> None:
    drinks = grammar.load(DRINKS, uri="http://app/drinks", media_type="application/srgs")
    assert vocabulary([drinks, drinks], 100) == ("please", "tea", "coffee", "green tea", "with", "milk")


def test_no_more_words_are_given_than_are_wanted() -> None:
    assert len(vocabulary([grammar.load(DRINKS, uri="http://app/d", media_type="application/srgs")], 2)) == 2


def test_a_builtin_grammar_gives_its_words() -> None:
    assert "yes" in vocabulary([grammar.builtin("builtin:grammar/boolean")], 100)
