"""Who may queue calls, and to which applications: what both services ask before anything is stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mirabelle.api import queuecall
from mirabelle.api.login import LoginBusy, LoginCheck, LoginGuessed
from mirabelle.api.preflight import Finding, Preflight, PreflightBusy
from mirabelle.api.xml import Fault
from mirabelle.calls.account import Account

_CREDENTIALS: Final = tuple((field.name, field.most) for field in queuecall.FIELDS if field.name in {"login", "pin"})


class Admission:
    """Checks logins and looks at addresses.

    Attributes:
        login: who checks logins.
    """

    def __init__(self, login: LoginCheck, preflight: Preflight | None) -> None:
        """Make it.

        Args:
            login: who checks logins.
            preflight: who looks at addresses; None: nobody does.
        """
        self.login = login
        self._preflight = preflight

    async def account(self, values: Mapping[str, str], client: str) -> Account | Fault | None:
        """The account of a request, or why there is none; None where login and PIN are not even well-formed.

        Args:
            values: the fields of the request.
            client: the address that it came from.
        """
        if any(not values.get(name, "").strip() or len(values[name]) > most for name, most in _CREDENTIALS):
            return None
        try:
            account = await self.login.account(values["login"], values["pin"], client)
        except LoginGuessed as error:
            return Fault("login", str(error))
        except LoginBusy as error:
            return Fault("body", str(error))
        return account or Fault("login", "The login or the PIN is not right.")

    async def addresses(self, account: Account, start_url: str, result_url: str) -> Finding:
        """What the addresses of a call are worth, as far as the account wants to know."""
        if self._preflight is None or not account.settings.preflight:
            return Finding()
        try:
            finding = await self._preflight.check(start_url, result_url)
        except PreflightBusy as error:
            return Finding((Fault("body", str(error)),))
        if account.settings.bad_vxml == "refuse":
            return Finding(finding.faults + finding.warnings)
        return finding
