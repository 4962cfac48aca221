from __future__ import annotations

import pytest

from mirabelle.api import quotas
from mirabelle.api.quotas import Quotas

from .conftest import Hours


def test_each_name_has_its_own() -> None:
    quota = Quotas(Hours(), per_second=0.5, burst=2)
    quota.count("a")
    assert quota.wait("a") == 0.0
    quota.count("a")
    assert (quota.wait("a"), quota.wait("b")) == (2.0, 0.0)


def test_what_is_taken_back_may_be_done_again() -> None:
    quota = Quotas(Hours(), per_second=0.5, burst=2)
    quota.count("a")
    quota.count("a")
    quota.uncount("a")
    assert quota.wait("a") == 0.0
    quota.count("a")
    assert quota.wait("a") == 2.0
    quota.uncount("nobody")
    assert quota.wait("nobody") == 0.0


def test_taking_back_never_makes_more_than_there_were() -> None:
    clock = Hours()
    quota = Quotas(clock, per_second=0.5, burst=1)
    quota.count("a")
    clock.seconds = 100.0
    quota.uncount("a")
    quota.count("a")
    assert quota.wait("a") == 2.0


def test_only_so_many_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quotas, "MOST_REMEMBERED", 2)
    quota = Quotas(Hours(), per_second=0.5, burst=1)
    for name in ("a", "b", "a", "c"):
        quota.count(name)
    assert quota.wait("b") == 0.0
    assert quota.wait("a") > 0.0
    assert quota.wait("c") > 0.0


def test_a_name_is_remembered_without_counting_anything() -> None:
    quota = Quotas(Hours(), per_second=0.5, burst=1)
    quota.remember("a")
    assert ("a" in quota, "b" in quota, quota.wait("a")) == (True, False, 0.0)
    quota.count("a")
    quota.remember("a")
    assert quota.wait("a") == 2.0
