"""The pages that are made from the code agree with it."""

from __future__ import annotations

from pathlib import Path

from mirabelle.cli import reference, settings_page
from mirabelle.settings import load, sections

DOCS = Path(__file__).parents[3] / "docs"


def test_the_page_of_the_settings_is_up_to_date() -> None:
    assert (DOCS / "settings.md").read_text() == settings_page.markdown()


def test_the_file_on_the_page_can_be_loaded(tmp_path: Path) -> None:
    file = tmp_path / "mirabelle.toml"
    file.write_text(settings_page.markdown().partition("```toml\n")[2].partition("```")[0])
    (trunk,) = load(file, {"MIRABELLE_TRUNK_MAIN_PASSWORD": "x"}).trunks
    assert (trunk.name, trunk.password) == ("main", "x")


def test_every_setting_is_explained() -> None:
    for name, model in sections():
        for key, field in model.model_fields.items():
            assert field.description, f"[{name}] {key}"


def test_the_page_of_the_commands_is_up_to_date() -> None:
    assert (DOCS / "cli.md").read_text() == reference.markdown()
