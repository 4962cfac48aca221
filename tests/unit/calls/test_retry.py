from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.calls.call import Call, CallState
from mirabelle.calls.outcome import Outcome
from mirabelle.calls.retry import (
    AGAIN,
    CAPACITY_WAIT,
    CAUSES,
    DEFAULT,
    FINAL,
    FINAL_FAILURES,
    LONGEST_CAPACITY_WAIT,
    LONGEST_WAIT,
    MACHINE,
    MOST_ATTEMPTS,
    PRESETS,
    SHORTEST_WAIT,
    RetryError,
    RetryPolicy,
    RetryRule,
    after_attempt,
    since_queued,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def a_call(*, attempts: int = 0, max_retries: int = 2, expires_at: datetime | None = None) -> Call:
    return Call(
        call_id=1,
        account_id=1,
        campaign_id=1,
        campaign_parameters="",
        phone_number="+16175550123",
        start_url="http://example.org/start",
        result_url="",
        message_reference="",
        call_parameters="",
        max_retries=max_retries,
        retry_interval=300,
        state=CallState.DIALING,
        queued_at=NOON,
        due_at=NOON,
        expires_at=expires_at,
        attempts=attempts,
    )


RETRIED = [Outcome.BUSY, Outcome.NO_ANSWER, Outcome.FAILED, Outcome.INTERRUPTED]


@pytest.mark.parametrize("outcome", RETRIED)
def test_the_next_attempt_counts_from_the_end_of_the_last(outcome: Outcome) -> None:
    step = after_attempt(a_call(), outcome, NOON)
    assert (step.state, step.due_at) == (CallState.QUEUED, NOON + timedelta(seconds=300))


@pytest.mark.parametrize("outcome", RETRIED)
def test_the_last_permitted_attempt_ends_the_call_as_failed(outcome: Outcome) -> None:
    assert after_attempt(a_call(attempts=2), outcome, NOON).state is CallState.FAILED


def test_without_retries_the_first_failure_is_final() -> None:
    assert after_attempt(a_call(max_retries=0), Outcome.BUSY, NOON).state is CallState.FAILED


@pytest.mark.parametrize("outcome", [Outcome.REJECTED, Outcome.UNALLOCATED])
def test_a_refusal_is_never_tried_again(outcome: Outcome) -> None:
    assert after_attempt(a_call(), outcome, NOON).state is CallState.FAILED


def test_an_answered_call_is_final() -> None:
    assert after_attempt(a_call(), Outcome.ANSWERED, NOON).state is CallState.COMPLETED


def test_a_canceled_attempt_withdraws_the_call() -> None:
    assert after_attempt(a_call(), Outcome.CANCELED, NOON).state is CallState.CANCELED


def test_a_full_trunk_never_costs_an_attempt() -> None:
    step = after_attempt(a_call(attempts=2), Outcome.CAPACITY, NOON)
    assert (step.state, step.due_at, step.counted) == (CallState.QUEUED, NOON + CAPACITY_WAIT, False)


def test_a_retry_that_would_come_after_the_expiration_expires_now() -> None:
    call = a_call(expires_at=NOON + timedelta(seconds=299))
    assert after_attempt(call, Outcome.BUSY, NOON).state is CallState.EXPIRED


def test_a_full_trunk_that_names_a_time_is_left_alone_as_long() -> None:
    assert after_attempt(a_call(), Outcome.CAPACITY, NOON, retry_after=90).due_at == NOON + timedelta(seconds=90)


@pytest.mark.parametrize(
    ("retry_after", "wait"), [(0, CAPACITY_WAIT), (-5, CAPACITY_WAIT), (10**30, LONGEST_CAPACITY_WAIT)]
)
def test_the_time_that_a_trunk_names_is_bounded(retry_after: int, wait: timedelta) -> None:
    assert after_attempt(a_call(), Outcome.CAPACITY, NOON, retry_after=retry_after).due_at == NOON + wait


def test_only_a_full_trunk_is_left_alone_for_the_time_it_names() -> None:
    assert after_attempt(a_call(), Outcome.BUSY, NOON, retry_after=3000).due_at == NOON + timedelta(seconds=300)


def test_a_machine_ends_the_call_as_completed_unless_the_policy_says_otherwise() -> None:
    step = after_attempt(a_call(), Outcome.ANSWERED, NOON, callee_type=MACHINE)
    assert (step.state, step.due_at) == (CallState.COMPLETED, None)


def test_a_machine_may_be_called_again_where_the_policy_says_so() -> None:
    step = after_attempt(a_call(), Outcome.ANSWERED, NOON, policy=PRESETS["emergency"], callee_type=MACHINE)
    assert (step.state, step.due_at, step.counted) == (CallState.QUEUED, NOON + timedelta(minutes=5), True)


@pytest.mark.parametrize("callee_type", ["voice", "fax", "unknown"])
@pytest.mark.parametrize("policy", PRESETS.values(), ids=PRESETS)
def test_whoever_answered_and_is_not_known_for_a_machine_is_never_called_again(
    policy: RetryPolicy, callee_type: str
) -> None:
    step = after_attempt(
        replace(a_call(), callee_type=MACHINE), Outcome.ANSWERED, NOON, policy=policy, callee_type=callee_type
    )
    assert step.state is CallState.COMPLETED


@pytest.mark.parametrize(
    ("call", "before"),
    [
        (a_call(max_retries=0), []),
        (a_call(max_retries=9), [Outcome.ANSWERED, Outcome.BUSY, Outcome.ANSWERED]),
        (a_call(expires_at=NOON + timedelta(minutes=5)), []),
    ],
)
def test_the_last_machine_completes_the_call_whatever_ended_it(call: Call, before: list[Outcome]) -> None:
    step = after_attempt(
        call,
        Outcome.ANSWERED,
        NOON,
        policy=PRESETS["emergency"],
        callee_type=MACHINE,
        outcomes_before=before,
    )
    assert step.state is CallState.COMPLETED


def test_an_outcome_that_reached_its_own_limit_is_final() -> None:
    policy = RetryPolicy.parse({"busy": {"at_most": 2}})
    call = a_call(attempts=2, max_retries=9)
    assert after_attempt(call, Outcome.BUSY, NOON, policy=policy).state is CallState.QUEUED
    one, two = [Outcome.NO_ANSWER, Outcome.NO_ANSWER], [Outcome.NO_ANSWER, Outcome.BUSY]
    assert after_attempt(call, Outcome.BUSY, NOON, policy=policy, outcomes_before=one).state is CallState.QUEUED
    assert after_attempt(call, Outcome.BUSY, NOON, policy=policy, outcomes_before=two).state is CallState.FAILED


def test_an_attempt_that_costs_nothing_leaves_the_budget_alone() -> None:
    policy = RetryPolicy.parse({"interrupted": {"after": 15, "at_most": 2, "costs_attempt": False}})
    step = after_attempt(a_call(attempts=2), Outcome.INTERRUPTED, NOON, policy=policy)
    assert (step.state, step.counted) == (CallState.QUEUED, False)


RULES = st.one_of(
    st.just(FINAL),
    st.builds(
        RetryRule,
        again=st.just(True),
        after=st.none() | st.integers(SHORTEST_WAIT, LONGEST_WAIT),
        at_most=st.none() | st.integers(1, MOST_ATTEMPTS),
    ),
    st.builds(
        RetryRule,
        again=st.just(True),
        after=st.none() | st.integers(SHORTEST_WAIT, LONGEST_WAIT),
        at_most=st.integers(1, MOST_ATTEMPTS),
        counted=st.just(False),
    ),
)
OPEN = [name for name in CAUSES if name not in {"rejected", "unallocated", "capacity"}]
POLICIES = st.one_of(
    st.sampled_from(list(PRESETS.values())),
    st.fixed_dictionaries(dict.fromkeys(OPEN, RULES)).map(lambda rules: RetryPolicy(**rules)),
)
ENDS = st.tuples(st.sampled_from(Outcome), st.sampled_from([MACHINE, "voice", "unknown"]))


@given(POLICIES, st.integers(0, 10), st.lists(ENDS, max_size=60), st.none() | st.integers(0, 10**6))
def test_the_budget_bounds_everything(
    policy: RetryPolicy, max_retries: int, ends: list[tuple[Outcome, str]], expires: int | None
) -> None:
    expires_at = None if expires is None else NOON + timedelta(seconds=expires)
    call, now, before = a_call(max_retries=max_retries, expires_at=expires_at), NOON, list[Outcome]()
    for outcome, callee_type in ends:
        step = after_attempt(call, outcome, now, policy=policy, callee_type=callee_type, outcomes_before=before)
        before.append(outcome)
        call = replace(call, attempts=call.attempts + step.counted)
        if step.state.final:
            assert step.due_at is None
            break
        assert step.state is CallState.QUEUED
        assert step.due_at is not None
        assert step.due_at > now
        assert expires_at is None or step.due_at < expires_at
        assert outcome not in FINAL_FAILURES | {Outcome.CANCELED}
        assert outcome is not Outcome.ANSWERED or callee_type == MACHINE
        assert step.counted or outcome is Outcome.CAPACITY or policy.rule(outcome, callee_type).at_most is not None
        now = step.due_at
    assert call.attempts <= max_retries + 1
    for cause in set(before) - {Outcome.CAPACITY}:
        assert before.count(cause) <= max(policy.rule(cause, MACHINE).at_most or 0, max_retries + 1)


@given(POLICIES)
def test_a_policy_is_read_as_it_is_written(policy: RetryPolicy) -> None:
    assert RetryPolicy.parse(policy.as_json()) == policy


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_goes_by_its_name(name: str) -> None:
    assert RetryPolicy.parse(name) == RetryPolicy.parse({"preset": name}) == PRESETS[name]
    assert PRESETS[name].as_json() == name


@pytest.mark.parametrize("policy", PRESETS.values(), ids=PRESETS)
@pytest.mark.parametrize("outcome", FINAL_FAILURES)
def test_every_preset_leaves_alone_who_declined_or_does_not_exist(policy: RetryPolicy, outcome: Outcome) -> None:
    assert after_attempt(a_call(max_retries=10), outcome, NOON, policy=policy).state is CallState.FAILED


@pytest.mark.parametrize("policy", PRESETS.values(), ids=PRESETS)
def test_no_preset_lets_a_full_trunk_cost_an_attempt(policy: RetryPolicy) -> None:
    step = after_attempt(a_call(max_retries=0), Outcome.CAPACITY, NOON, policy=policy)
    assert (step.state, step.counted) == (CallState.QUEUED, False)


def test_a_table_changes_the_rules_of_its_preset_alone() -> None:
    policy = RetryPolicy.parse({"preset": "reminder", "busy": {"after": 60, "at_most": 3}, "failed": "final"})
    assert policy == replace(PRESETS["reminder"], busy=RetryRule(again=True, after=60, at_most=3), failed=FINAL)
    assert RetryPolicy.parse({}) == DEFAULT
    assert RetryPolicy.parse({"preset": "patient", "machine": {}}).machine == AGAIN
    assert RetryPolicy.parse({"capacity": {}}) == DEFAULT


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "name of a preset or a table"),
        (["busy"], "name of a preset or a table"),
        ("Reminder", "no retry preset 'Reminder'; there are default"),
        ({"preset": 7}, "no retry preset '7'"),
        ({"preset": "x" * 100_000}, "no retry preset 'x{20}'"),
        ({"bussy": "final"}, "'bussy' is no outcome"),
        ({"answered": {}}, "'answered' is no outcome"),
        ({7: {}}, "'7' is no outcome"),
        ({"busy": "never"}, "rule for busy"),
        ({"busy": None}, "rule for busy"),
        ({"busy": {"wait": 60}}, "rule for busy"),
        ({"busy": {"after": 4}}, "after of busy"),
        ({"busy": {"after": 172_801}}, "after of busy"),
        ({"busy": {"after": "60"}}, "after of busy"),
        ({"busy": {"after": True}}, "after of busy"),
        ({"busy": {"after": 60.5}}, "after of busy"),
        ({"failed": {"at_most": 0}}, "at_most of failed"),
        ({"failed": {"at_most": 12}}, "at_most of failed"),
        ({"failed": {"costs_attempt": 0}}, "costs_attempt of failed"),
        ({"failed": {"costs_attempt": False}}, "failed needs at_most"),
        ({"rejected": {"after": 60}}, "rejected is always 'final'"),
        ({"preset": "emergency", "rejected": {}}, "rejected is always 'final'"),
        ({"unallocated": {"at_most": 2}}, "unallocated is always 'final'"),
        ({"capacity": "final"}, "capacity has 'after' alone"),
        ({"capacity": {"costs_attempt": True}}, "capacity has 'after' alone"),
        ({"capacity": {"at_most": 2}}, "capacity has 'after' alone"),
    ],
)
def test_a_policy_that_is_none_is_refused_with_the_field(value: Any, said: str) -> None:
    with pytest.raises(RetryError, match=said):
        RetryPolicy.parse(value)


@pytest.mark.parametrize(
    "rules",
    [
        {"rejected": AGAIN},
        {"unallocated": AGAIN},
        {"capacity": AGAIN},
        {"busy": RetryRule(again=True, counted=False)},
        {"busy": RetryRule(again=True, after=1)},
        {"busy": RetryRule(again=True, at_most=100)},
    ],
)
def test_no_policy_can_be_built_that_cannot_be_read(rules: dict[str, RetryRule]) -> None:
    with pytest.raises(RetryError):
        RetryPolicy(**rules)


@pytest.mark.parametrize(
    ("outcomes", "attempts", "found"),
    [
        ("", 0, ""),
        ("busy busy", 2, "busy busy"),
        ("busy no_answer", 1, "no_answer"),
        ("busy no_answer", 0, ""),
        ("busy capacity no_answer capacity", 1, "capacity no_answer capacity"),
        ("busy capacity", 1, "busy capacity"),
        ("answered busy", 2, "answered busy"),
    ],
)
def test_outcomes_from_before_the_call_was_queued_once_more_do_not_count(
    outcomes: str, attempts: int, found: str
) -> None:
    ended = [Outcome(each) for each in outcomes.split()]
    assert since_queued(ended, attempts, DEFAULT) == tuple(map(Outcome, found.split()))
