import pytest

from mirabelle.calls.call import CallState
from mirabelle.calls.duplicates import DuplicateScope, Earlier, EarlierCall, EarlierLine, duplicate, identity, reason
from mirabelle.calls.number import parse

LINE = EarlierLine(3)
SAME = EarlierCall(1, 7, CallState.QUEUED)
OTHER = EarlierCall(2, 8, CallState.CONNECTED)


@pytest.mark.parametrize(
    ("scope", "found"),
    [
        (DuplicateScope.NONE, set[Earlier]()),
        (DuplicateScope.LIST, {LINE}),
        (DuplicateScope.CAMPAIGN, {LINE, SAME}),
        (DuplicateScope.ACCOUNT, {LINE, SAME, OTHER}),
    ],
)
def test_each_scope_holds_those_before_it(scope: DuplicateScope, found: set[Earlier]) -> None:
    assert {each for each in (LINE, SAME, OTHER) if duplicate(scope, 7, [each])} == found
    assert (scope.in_list, scope.in_campaign, scope.in_account) == (LINE in found, SAME in found, OTHER in found)


@pytest.mark.parametrize("state", [state for state in CallState if state.final])
@pytest.mark.parametrize("scope", DuplicateScope)
def test_a_call_that_is_over_makes_no_duplicate(scope: DuplicateScope, state: CallState) -> None:
    assert duplicate(scope, 7, [EarlierCall(1, 7, state), EarlierCall(2, 8, state)]) is None


def test_the_first_that_counts_is_named() -> None:
    earlier = [EarlierCall(1, 7, CallState.COMPLETED), OTHER, SAME]
    assert duplicate(DuplicateScope.CAMPAIGN, 7, earlier) == SAME
    assert reason(SAME) == "Call 1 to the same person is not over yet: it is queued."
    assert reason(LINE) == "The same person is on line 3 of this list."


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ("+16175550123", "tel:+1-617-555-0123", True),
        ("+16175550123;ani=8005551212", "+16175550123", True),
        ("+16175550123;ext=12", "+16175550123;EXT=1-2", True),
        ("+16175550123;ext=12", "+16175550123;ext=13", False),
        ("+16175550123;ext=12", "+16175550123", False),
        ("+16175550123;postd=p1", "+16175550123", False),
        ("+16175550123;isub=1", "+16175550123", False),
    ],
)
def test_a_person_is_a_number_and_what_is_behind_it(one: str, two: str, same: bool) -> None:
    assert (identity(parse(one)) == identity(parse(two))) is same
