import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_dependency_says_why_it_is_there() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = (ROOT / "docs/dependencies.md").read_text().splitlines()
    named = [row.split("|")[1].strip() for row in lines if row.startswith("| ")][1:]
    assert sorted(re.split(r"[><=]", each)[0] for each in project["dependencies"]) == named


def test_every_dependency_has_a_version_that_the_tests_ran_with() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pinned = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "constraints.txt").read_text(), re.MULTILINE))
    wanted = project["dependencies"] + project["optional-dependencies"]["dev"]
    assert {re.split(r"[><=]", each)[0] for each in wanted} <= pinned
