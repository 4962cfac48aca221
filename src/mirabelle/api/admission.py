"""Who may queue calls, and to which applications: what both services ask before anything is stored."""

from __future__ import annotations

from mirabelle.api.login import LoginBusy, LoginCheck
from mirabelle.api.preflight import Finding, Preflight, PreflightBusy
from mirabelle.api.xml import Fault
from mirabelle.calls.account import Account


class Admission:
    """Checks logins and looks at addresses."""

    def __init__(self, login: LoginCheck, preflight: Preflight | None) -> None:
        """Make it.

        Args:
            login: who checks logins.
            preflight: who looks at addresses; None: nobody does.
        """
        self._login = login
        self._preflight = preflight

    async def account(self, login: str, pin: str) -> Account | Fault:
        """The account of a request, or why there is none."""
        try:
            account = await self._login.account(login, pin)
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
