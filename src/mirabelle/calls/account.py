"""Account: who may queue calls."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Final, Literal, TypeAlias, get_args

from mirabelle.calls import transfer_rule
from mirabelle.calls.frequency import MOST_ATTEMPTS, FrequencyCap
from mirabelle.errors import MirabelleError

StartMethod: TypeAlias = Literal["post", "get"]
"""How the variables of a call reach its `start_url`."""

BadVxml: TypeAlias = Literal["warn", "refuse"]
"""What becomes of a call whose `start_url` gives no valid VoiceXML."""

ResultLiterals: TypeAlias = Literal["documented", "extended"]
"""Which words `result` may be: `completed` and `failed`, or others too."""

MOST_TRANSFER_TO: Final = 1_000
"""Characters of whom an account's applications may transfer callees to."""
FASTEST: Final = 1000.0
"""The most calls a second that an account may be held to."""
MOST_CHANNELS: Final = 100_000
"""The most calls at once that an account may be held to."""

_WHOLE: Final = MappingProxyType(
    {"channels": MOST_CHANNELS, "person_attempts": MOST_ATTEMPTS, "person_answers": MOST_ATTEMPTS, "person_days": 366}
)

COUNTRY: Final = re.compile("(?:[A-Z]{2})?")
"""Two capital letters, or nothing."""


class AccountSettingsError(MirabelleError):
    """A setting of an account has a value that it cannot have."""


def _check_number(name: str, value: object, most: float, *, whole: bool = False) -> None:
    good = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
    if not good or not 0 <= float(str(value)) <= most:
        kind = "a whole number " if whole else ""
        raise AccountSettingsError(f"{name} is {kind}from 0 to {most:g}; 0 is no limit.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSettings:
    """How the calls of one account are treated.

    Attributes:
        preflight: whether `start_url` and `result_url` are fetched once when a call is queued.
        start_method: how the variables of a call reach its `start_url`.
        country: for national numbers, two capital letters (ISO 3166); empty where they are refused.
        bad_vxml: what becomes of a call whose `start_url` gives no valid VoiceXML.
        result_extras: whether results carry more than the eight variables.
        result_literals: whether `result` may also be `expired`, `canceled` or `rejected`.

        calls_per_second: the most INVITEs a second, over all campaigns; 0: as fast as the trunks.
        channels: the most calls at once; 0: as many as the trunks carry.
        person_attempts: the most attempts to reach one person, over all campaigns, in `person_days`; 0: any number.
        person_answers: the most of them that are answered; 0: any number.
        person_days: the days that those two count.
        transfer_to: whom applications may transfer callees to, between commas, as `[transfer] to` has it; empty: as
            that says.

    Raises:
        AccountSettingsError: a value is none of these.
    """

    preflight: bool = True
    start_method: StartMethod = "post"
    country: str = ""
    bad_vxml: BadVxml = "warn"
    result_extras: bool = False
    result_literals: ResultLiterals = "documented"
    calls_per_second: float = 0.0
    channels: int = 0
    person_attempts: int = 0
    person_answers: int = 0
    person_days: int = 1
    transfer_to: str = ""

    @property
    def frequency_cap(self) -> FrequencyCap | None:
        """How often one person may be called; None where nothing limits it."""
        if not (self.person_attempts or self.person_answers):
            return None
        attempts = self.person_attempts or MOST_ATTEMPTS
        answered = min(self.person_answers, attempts) or None
        return FrequencyCap(attempts, answered, timedelta(days=max(1, self.person_days)))

    def __post_init__(self) -> None:
        for name in ("preflight", "result_extras"):
            if not isinstance(getattr(self, name), bool):
                raise AccountSettingsError(f"{name} is true or false.")
        _check_number("calls_per_second", self.calls_per_second, FASTEST)
        for name, most in _WHOLE.items():
            _check_number(name, getattr(self, name), most, whole=True)
        if self.start_method not in get_args(StartMethod):
            raise AccountSettingsError("start_method is post or get.")
        if self.bad_vxml not in get_args(BadVxml):
            raise AccountSettingsError("bad_vxml is warn or refuse.")
        if self.result_literals not in get_args(ResultLiterals):
            raise AccountSettingsError("result_literals is documented or extended.")
        if not isinstance(self.country, str) or not COUNTRY.fullmatch(self.country):
            raise AccountSettingsError("country is two capital letters, such as US, or empty.")
        self._check_transfer_to()

    def _check_transfer_to(self) -> None:
        if not isinstance(self.transfer_to, str) or len(self.transfer_to) > MOST_TRANSFER_TO:
            raise AccountSettingsError(f"transfer_to is a text of up to {MOST_TRANSFER_TO} characters.")
        try:
            transfer_rule.entries(self.transfer_to)
        except ValueError as error:
            raise AccountSettingsError(f"transfer_to cannot be this: {error}; more of them between commas.") from error


USUAL_SETTINGS: Final = AccountSettings()
"""Those of an account that says nothing."""


@dataclass(frozen=True, slots=True)
class Account:
    """One customer's login.

    Attributes:
        account_id: the store's key.
        login: the name given in each request, at most 128 characters.
        pin_hash: the PIN, hashed with argon2; the PIN itself is kept nowhere.
        default_campaign_id: the campaign that single calls fall into.
        settings: how its calls are treated.
    """

    account_id: int
    login: str
    pin_hash: str
    default_campaign_id: int
    settings: AccountSettings = USUAL_SETTINGS
