"""The pages that are made from the code agree with it."""

from __future__ import annotations

from pathlib import Path

from mirabelle.cli import reference, settings_page
from mirabelle.settings import sections

DOCS = Path(__file__).parents[3] / "docs"


def test_the_page_of_the_settings_is_up_to_date() -> None:
    assert (DOCS / "settings.md").read_text() == settings_page.markdown()


def test_every_setting_is_explained() -> None:
    for name, model in sections():
        for key, field in model.model_fields.items():
            assert field.description, f"[{name}] {key}"


def test_the_page_of_the_commands_is_up_to_date() -> None:
    assert (DOCS / "cli.md").read_text() == reference.markdown()
