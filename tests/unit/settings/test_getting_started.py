import re
from pathlib import Path

from mirabelle.settings import load

PAGE = Path(__file__).parents[3] / "docs" / "getting-started.md"


def test_the_settings_that_lead_to_the_sandbox_can_be_used(tmp_path: Path) -> None:
    shown = re.search(r"These settings lead to it, .*:\n\n((?:    .*\n|\n)+)", PAGE.read_text())
    assert shown is not None
    file = tmp_path / "mirabelle.toml"
    file.write_text(re.sub(r"^    ", "", shown[1], flags=re.MULTILINE))
    settings = load(file, {})
    assert [trunk.host for trunk in settings.trunks] == ["127.0.0.1:5080"]
    assert settings.http.allow_private


def test_the_settings_that_the_guide_shows_can_be_used(tmp_path: Path) -> None:
    text = PAGE.read_text()
    shown = re.search(r"## 2\..*?\n\n((?:    .*\n|\n)+)", text)
    assert shown is not None
    file = tmp_path / "mirabelle.toml"
    file.write_text(re.sub(r"^    ", "", shown[1], flags=re.MULTILINE))
    settings = load(file, {"MIRABELLE_TRUNK_CARRIER_PASSWORD": "secret"})
    (trunk,) = settings.trunks
    assert (trunk.host, trunk.username, trunk.password) == ("sip.example.net:5060", "acme", "secret")
