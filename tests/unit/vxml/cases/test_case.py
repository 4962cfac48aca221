from __future__ import annotations

from pathlib import Path

import pytest

from mirabelle.vxml.cases.case import Act, Case, CaseError, Expect, Reply, read_cases
from mirabelle.vxml.platform import TransferResult
from mirabelle.vxml.text import FarEnd


def read(folder: Path, text: str) -> tuple[Case, ...]:
    (folder / "a.toml").write_text(text, encoding="utf-8")
    return read_cases(folder / "a.toml")


def test_a_case_has_what_stands_at_the_top_of_the_file_unless_it_says_otherwise(tmp_path: Path) -> None:
    first, second = read(
        tmp_path,
        """
        start = "start.vxml"
        session = { callerid = "1", id = "x" }
        replies = { "a" = 404 }
        [[case]]
        name = "One"
        steps = []
        [[case]]
        name = "Two"
        start = "http://test/b/c"
        session = { callerid = "2" }
        far_end = "busy"
        replies = { "a" = "a.vxml", "*/d" = { text = "{}", type = "application/json" } }
        steps = [{ input = "1,text:two words,noinput" }, { submit = "x", fields = { y = "z" } }]
        """,
    )
    base = tmp_path.as_uri()
    assert first == Case(
        "One", f"{base}/start.vxml", (), {"callerid": "1", "id": "x"}, FarEnd(), (Reply(f"{base}/a", 404),)
    )
    assert second == Case(
        "Two",
        "http://test/b/c",
        (Act("1"), Act("text:two words"), Act("noinput"), Expect("submit", "x", {"y": "z"})),
        {"callerid": "2", "id": "x"},
        FarEnd(TransferResult.BUSY),
        (
            Reply("http://test/b/a", file=tmp_path / "a.vxml"),
            Reply("*/d", text="{}", content_type="application/json"),
        ),
    )


CASE = 'start = "x"\n[[case]]\nname = "One"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("start =", "the file is not TOML"),
        ("start = 'x'", "'case' is missing; write it."),
        (
            "strat = 'x'\n[[case]]\nname = 'a'\nsteps = []",
            "'strat' is not known; there are start, session, replies, case.",
        ),
        ("[[case]]\nname = 'a'\nsteps = []", "case 1 ('a'): it has no start"),
        (f"{CASE}", "case 1: 'steps' is missing"),
        (f"{CASE}steps = [{{}}]", "case 1 ('One'), step 1: it needs exactly one of input, prompt"),
        (f"{CASE}steps = [{{ input = '1', prompt = 'x' }}]", "step 1: it needs exactly one of"),
        (
            f"{CASE}steps = [{{ log = 'x' }}, {{ promt = 'x' }}]",
            "case 1, step 2: 'promt' is not known; there are input, ",
        ),
        (f"{CASE}steps = [{{ prompt = 1 }}]", "case 1, step 1, prompt: input should be a valid string."),
        (f"{CASE}steps = [{{ input = 'what' }}]", "case 1 ('One'): 'what' is no input"),
        (f"{CASE}steps = [{{ input = ' ' }}]", "step 1: the input is empty"),
        (f"{CASE}steps = [{{ log = 'x', fields = {{ a = 'b' }} }}]", "'fields' belongs to a submit"),
        (f"{CASE}far_end = 'what'\nsteps = []", "case 1 ('One'): 'what' is no far end"),
        (f"{CASE}replies = {{ a = [] }}\nsteps = []", "case 1, replies, a: write a file, a status such as 404, or "),
    ],
)
def test_what_means_nothing_is_refused_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(CaseError) as refused:
        read(tmp_path, text)
    assert str(refused.value).startswith(f"{tmp_path}/a.toml: ")
    assert message in str(refused.value)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(CaseError) as refused:
        read(tmp_path, f"{CASE}steps = [{{ promt = 'x' }}, {{ lgo = 'x' }}]")
    assert len(str(refused.value).splitlines()) == 2


def test_a_file_that_is_missing_or_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="cannot be read"):
        read_cases(tmp_path / "missing.toml")
    with pytest.raises(CaseError, match="larger"):
        read(tmp_path, "#" * 1_000_001)
