"""What `mirabelle vxml run` does with its arguments."""

from __future__ import annotations

from pathlib import Path

import pytest

from mirabelle.cli import vxml_run as command
from mirabelle.settings import CompatSettings, Settings
from mirabelle.vxml.text import InputError
from tests.unit.vxml.running import block, key, vxml


def run(url: str, inputs: str, far_end: str | None, settings: Settings | None = None) -> int:
    return command.run(url, inputs, far_end, settings or Settings())


def saved(folder: Path, document: str) -> Path:
    path = folder / "start.vxml"
    path.write_text(document, encoding="utf-8")
    return path


def test_a_path_is_a_file_and_the_lines_are_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(str(saved(tmp_path, block("hello"))), "", None) == 0
    assert capsys.readouterr().out == "prompt: hello\nexit\n"


def test_documents_beside_it_are_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "next.vxml").write_text(block("there"), encoding="utf-8")
    assert run(saved(tmp_path, block("<goto next='next.vxml'/>")).as_uri(), "", None) == 0
    assert capsys.readouterr().out == "prompt: there\nexit\n"


def test_inputs_and_the_far_end_are_understood(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    body = (
        f"<field name='f'>{key('1')}</field><transfer name='t' dest='tel:1' bridge='true'/>"
        "<block><log expr='f + t'/></block>"
    )
    assert run(str(saved(tmp_path, vxml(f"<form>{body}</form>"))), "1", "busy") == 0
    assert "log: 1busy\n" in capsys.readouterr().out


def test_a_file_that_is_missing_is_an_error_with_its_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(str(tmp_path / "missing.vxml"), "", None) == 1
    assert "missing.vxml" in capsys.readouterr().out


@pytest.mark.parametrize(("inputs", "far_end"), [("what", None), ("1", "engaged")])
def test_what_cannot_be_understood_is_refused(tmp_path: Path, inputs: str, far_end: str | None) -> None:
    with pytest.raises(InputError):
        run(str(saved(tmp_path, block(""))), inputs, far_end)


def test_the_settings_choose_the_dialect(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "next.vxml").write_text(block("bye"), encoding="utf-8")
    form = vxml('<form><field name="k" type="digits?length=1"/><block><submit next="next.vxml"/></block></form>')
    page = str(saved(tmp_path, form))
    classic = Settings(compat=CompatSettings(dialect="classic"))
    assert (run(page, "1", None), run(page, "1", None, classic)) == (0, 0)
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("submit:")]
    assert [line.endswith("next.vxml k=1") for line in lines] == [True, False]
