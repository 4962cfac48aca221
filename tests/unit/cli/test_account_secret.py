from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mirabelle.callbacks.signature import FORMER_FOR
from mirabelle.calls.call import NewCall
from mirabelle.cli.owner import LOCAL_LOGIN, NotThere
from mirabelle.store.open import open_ledger
from tests.unit.cli.conftest import Mirabelle

NOW = datetime.now(UTC)


def signing(folder: Path, at: datetime = NOW, login: str = "demo") -> tuple[str, ...]:
    """The secrets that a result of an account is signed with."""

    async def claimed() -> tuple[str, ...]:
        ledger = await open_ledger(f"sqlite:///{folder}/calls.db")
        try:
            account = await ledger.account_by_login(login)
            assert account is not None
            new = NewCall(
                account_id=account.account_id,
                campaign_id=account.default_campaign_id,
                phone_number="+16175550123",
                start_url="http://example.com/start",
                result_url="http://example.com/result",
            )
            call = await ledger.queue_call(new, at)
            await ledger.cancel_call(call.call_id, at)
            [delivery] = await ledger.claim_deliveries(at, 1, "me", at + timedelta(days=9))
            return delivery.secrets
        finally:
            await ledger.aclose()

    return asyncio.run(claimed())


def test_a_new_account_is_told_what_signs_its_results(mirabelle: Mirabelle, tmp_path: Path) -> None:
    secret = mirabelle("account", "add", "demo").stderr.splitlines()[-1]
    assert secret.startswith("whsec_")
    assert signing(tmp_path) == (secret,)


def test_the_pin_of_a_new_account_is_all_that_a_script_reads(mirabelle: Mirabelle) -> None:
    assert "whsec_" not in mirabelle("account", "add", "demo").stdout


def test_a_new_secret_is_printed_and_the_former_signs_for_a_day(mirabelle: Mirabelle, tmp_path: Path) -> None:
    former = json.loads(mirabelle("account", "add", "demo", "--json").stdout)["signing_secret"]
    result = mirabelle("account", "secret", "demo")
    secret = result.stdout.strip()
    assert "only this once" in result.stderr
    assert former not in result.output
    assert signing(tmp_path) == (secret, former)
    assert signing(tmp_path, datetime.now(UTC) + FORMER_FOR) == (secret,)


def test_a_former_secret_that_leaked_is_revoked_at_once(mirabelle: Mirabelle, tmp_path: Path) -> None:
    mirabelle("account", "add", "demo")
    told = json.loads(mirabelle("account", "secret", "demo", "--revoke-former", "--json").stdout)
    assert told["former_until"] is None
    assert signing(tmp_path) == (told["signing_secret"],)


def test_json_tells_until_when_the_former_one_signs(mirabelle: Mirabelle) -> None:
    mirabelle("account", "add", "demo")
    told = json.loads(mirabelle("account", "secret", "demo", "--json").stdout)
    assert set(told) == {"login", "signing_secret", "former_until"}
    assert datetime.fromisoformat(told["former_until"]) > NOW + timedelta(hours=23)


def test_a_secret_needs_an_account_that_exists(mirabelle: Mirabelle) -> None:
    with pytest.raises(NotThere, match="mirabelle account add nobody"):
        mirabelle("account", "secret", "nobody")


def test_calls_from_the_shell_have_signed_results_too(mirabelle: Mirabelle, tmp_path: Path) -> None:
    mirabelle("call", "+16175550123", "--start-url", "http://example.com/start")
    assert len(signing(tmp_path, login=LOCAL_LOGIN)) == 1
