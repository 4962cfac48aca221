"""`make chaos` in short: each crash point once on each store, and what else may happen to a server, once."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mirabelle.calls.crash_point import CrashPoint
from tests.chaos import disturbances
from tests.chaos.books import Broken
from tests.chaos.callee import sipp_binary
from tests.chaos.stage import Stage, staged
from tests.postgres import PostgresServer, postgres_binaries, postgres_of_our_own

Require = Callable[[str, Path | str | None], Path]

SOUND: tuple[list[str], ...] = ([], [], [], [], [])


@pytest.fixture(scope="module")
def sipp(require_peer: Require) -> Path:
    return require_peer("sipp", sipp_binary())


@pytest.fixture(scope="module")
def postgres(require_peer: Require) -> Iterator[PostgresServer]:
    """A server that a test may stop; the others share theirs."""
    with postgres_of_our_own(require_peer("PostgreSQL", postgres_binaries()), fsync=False) as server:
        yield server


@pytest.fixture
def on_postgres(tmp_path: Path, sipp: Path, postgres: PostgresServer) -> Iterator[Stage]:
    with staged(tmp_path, postgres.create(f"chaos_{uuid.uuid4().hex[:8]}"), sipp) as stage:
        yield stage


@pytest.fixture
def on_sqlite(tmp_path: Path, sipp: Path) -> Iterator[Stage]:
    with staged(tmp_path, f"sqlite:///{tmp_path}/ledger.db", sipp) as stage:
        yield stage


def broken(found: Broken) -> tuple[list[str], ...]:
    return found.rang_again, found.unheard, found.calls_lost, found.results_lost, found.stuck_leases


def died_everywhere(folder: Path, url: str, sipp: Path) -> tuple[Stage, Broken]:
    folder.mkdir()
    with staged(folder, url, sipp, hasty=True) as stage:
        stage.round(list(CrashPoint), random.Random(1), lambda: None)
        return stage, stage.verdict()


@pytest.mark.timeout(300)
def test_whoever_answered_is_not_called_again_and_nothing_is_lost_wherever_the_server_dies(
    tmp_path: Path, sipp: Path, postgres: PostgresServer
) -> None:
    urls = {"sqlite": f"sqlite:///{tmp_path}/ledger.db", "postgresql": postgres.create("everywhere")}
    with ThreadPoolExecutor(len(urls)) as pool:
        running = [pool.submit(died_everywhere, tmp_path / store, url, sipp) for store, url in urls.items()]
        ended = [each.result() for each in running]
    for stage, found in ended:
        assert broken(found) == SOUND
        assert stage.kills == dict.fromkeys(CrashPoint, 1)


def test_an_answer_that_came_while_the_server_was_dead_is_heard_by_the_next_one(on_sqlite: Stage) -> None:
    points = (CrashPoint.AFTER_INVITE, CrashPoint.AFTER_PROVISIONAL, CrashPoint.AFTER_ANSWER)
    on_sqlite.round(points, random.Random(1), lambda: None)
    assert broken(on_sqlite.verdict()) == SOUND
    assert on_sqlite.kills == dict.fromkeys(points, 1)
    assert b"answered late" in on_sqlite.server.log.read_bytes()


def test_a_store_that_is_cut_off_costs_nothing(on_postgres: Stage, postgres: PostgresServer) -> None:
    assert broken(disturbances.store_cut_off(on_postgres, postgres)) == SOUND


def test_a_store_that_dies_and_comes_back_costs_nothing(on_postgres: Stage, postgres: PostgresServer) -> None:
    assert broken(disturbances.store_stopped(on_postgres, postgres)) == SOUND


def test_a_media_process_that_dies_costs_nobody_a_second_call(on_sqlite: Stage) -> None:
    assert broken(disturbances.media_killed(on_sqlite)) == SOUND


def test_a_trunk_that_fell_silent_is_asked_again_once_it_speaks(on_sqlite: Stage) -> None:
    assert broken(disturbances.trunk_silent(on_sqlite)) == SOUND


def test_a_clock_that_is_set_forwards_and_back_loses_nothing(on_sqlite: Stage) -> None:
    assert broken(disturbances.clock_stepped(on_sqlite)) == SOUND


def test_a_second_server_whose_clock_is_an_hour_ahead_takes_no_call_from_the_first(on_postgres: Stage) -> None:
    assert broken(disturbances.clock_ahead(on_postgres)) == SOUND
    both = (on_postgres.server.log, on_postgres.server.folder / "second" / "server.log")
    assert all(b'"event": "answered"' in log.read_bytes() for log in both)
    assert b"lease lost" not in b"".join(log.read_bytes() for log in both)
