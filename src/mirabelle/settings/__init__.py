"""The settings: one TOML file, each key overridable by environment.

`[sip] bind` is overridden by `MIRABELLE_SIP_BIND`, the password of the trunk `main` by `MIRABELLE_TRUNK_MAIN_PASSWORD`.
Nothing is guessed: a name that is not known is refused, with the nearest one that is.
"""

from mirabelle.settings.address import host_port, port_range
from mirabelle.settings.loading import PREFIX, SettingsError, load
from mirabelle.settings.sections import ApiSettings, CompatSettings, HttpSettings, Settings, sections

__all__ = [
    "PREFIX",
    "ApiSettings",
    "CompatSettings",
    "HttpSettings",
    "Settings",
    "SettingsError",
    "host_port",
    "load",
    "port_range",
    "sections",
]
