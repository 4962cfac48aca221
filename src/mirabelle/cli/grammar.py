"""`mirabelle grammar`: what a grammar accepts and what it means, without a phone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mirabelle.cli import terminal
from mirabelle.cli.options import Json, example

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mirabelle.grammar import Grammar, GrammarError

NO_MATCH = 1
"""Exit status where the grammar may be loaded, and the input does not match it."""
NO_GRAMMAR = 2
"""Exit status where the grammar may not be loaded."""

app = typer.Typer(no_args_is_help=True, help="What a grammar accepts, and what it means.")

File = Annotated[
    str,
    typer.Argument(
        metavar="FILE",
        help="A grammar in SRGS XML, SRGS ABNF or JSGF, FILE#RULE to enter by a public rule, or builtin:dtmf/digits "
        "and the like.",
        show_default=False,
    ),
]
MediaType = Annotated[
    str,
    typer.Option(metavar="TYPE", help="Its media type; the file's beginning tells it.", show_default=False),
]
Mode = Annotated[
    str, typer.Option(metavar="WORD", help="voice or dtmf, where the file does not say.", show_default=False)
]


@app.command(epilog=example('mirabelle grammar match pin.grxml --input "1 2 3 4"'))
def match(
    file: File,
    said: Annotated[
        str, typer.Option("--input", metavar="TEXT", help="Words apart by spaces, or keys.", show_default=False)
    ],
    media_type: MediaType = "",
    mode: Mode = "",
    as_json: Json = False,
) -> None:
    """Match an input, and print its parse and its meaning.

    The exit status is 0 for a match, 1 for none, and 2 where the grammar may not be loaded. A match whose tags fail
    is a match without a meaning; why is said. The root rule is tried first, then the other public rules. Of a grammar
    for keys it also says whether further keys could follow.
    """
    from mirabelle.grammar import Mode as Kind
    from mirabelle.grammar import SemanticsError

    grammar = _loaded(file, media_type, mode, as_json=as_json)
    tokens = said.split()
    found = grammar.match(tokens)
    told: dict[str, Any] = {"match": found is not None, "mode": str(grammar.mode)}
    if grammar.mode is Kind.DTMF:
        told["keys"] = _verdict(grammar, tokens)
    failure = ""
    if found is not None:
        told |= {"rule": found.rule, "utterance": found.utterance, "tree": found.tree}
        try:
            told["interpretation"] = found.interpret()
        except SemanticsError as error:
            failure = str(error)
            told["error"] = failure
    _print_match(told, as_json=as_json)
    if failure:
        terminal.complain(failure)
    if found is None:
        raise typer.Exit(NO_MATCH)


@app.command(epilog=example("mirabelle grammar check pin.grxml"))
def check(file: File, media_type: MediaType = "", mode: Mode = "", as_json: Json = False) -> None:
    """Load a grammar with all it refers to, and say what it is.

    The exit status is 2 where it may not be loaded, and 1 where no input at all can match it or one of its own
    examples does not.
    """
    grammar = _loaded(file, media_type, mode, as_json=as_json)
    complaints = list(_complaints(grammar))
    told = {
        "mode": str(grammar.mode),
        "language": grammar.language,
        "root": grammar.root,
        "public": list(grammar.public_rules),
        "rules": len(grammar.document.rules),
        "refers_to": [uri for uri in grammar.documents if uri != grammar.uri],
    }
    if as_json:
        terminal.print_json(told | {"complaints": complaints})
    else:
        for name, value in told.items():
            if text := ", ".join(value) if isinstance(value, list) else str(value):
                print(terminal.harmless(f"{name.replace('_', ' ')}: {text}"))
    for complaint in complaints:
        terminal.complain(complaint)
    if complaints:
        raise typer.Exit(NO_MATCH)


def _loaded(file: str, media_type: str, mode: str, *, as_json: bool) -> Grammar:
    """Load a grammar.

    Raises:
        BadParameter: the file cannot be read, or the mode is none.
        Exit: it is no grammar; that was said already.
    """
    from mirabelle.grammar import GrammarError, builtin, load

    if mode not in ("", "voice", "dtmf"):
        raise typer.BadParameter(f"'{terminal.harmless(mode)}' is neither voice nor dtmf.", param_hint="--mode")
    try:
        if file.startswith("builtin:"):
            return builtin(file, mode or None)
        name, hash_sign, rule = file.rpartition("#") if "#" in file and not Path(file).is_file() else (file, "", "")
        path = Path(name).absolute()
        return load(_bytes(path), uri=f"{path.as_uri()}{hash_sign}{rule}", media_type=media_type, mode=mode or None)
    except GrammarError as error:
        if as_json:
            terminal.print_json({"file": _place(error, file), "line": error.line, "error": error.reason})
        line = f"{error.line}: " if error.line else " "
        terminal.complain(f"{_place(error, file)}:{line}{error.reason}")
        raise typer.Exit(NO_GRAMMAR) from error


def _bytes(path: Path) -> bytes:
    from mirabelle.grammar.loading import MOST_BYTES

    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise typer.BadParameter(f"{terminal.harmless(str(path))}: {reason}.", param_hint="FILE") from error


def _place(error: GrammarError, file: str) -> str:
    """The document that is to blame, as a path where it is a file."""
    from urllib.parse import unquote, urlsplit

    parts = urlsplit(error.uri)
    return unquote(parts.path) if parts.scheme == "file" else error.uri or file


def _verdict(grammar: Grammar, tokens: list[str]) -> str:
    from mirabelle.grammar.network import words_of

    matcher = grammar.keys()
    for key in words_of(tokens, grammar.mode):
        matcher.feed(key)
    return matcher.verdict.value


def _print_match(told: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        terminal.print_json(told)
        return
    if not told.pop("match"):
        print("no match")
    if "interpretation" in told:
        told["interpretation"] = json.dumps(told["interpretation"], ensure_ascii=False)
    told.pop("error", None)
    for name, value in told.items():
        print(terminal.harmless(f"{name}: {value}"))


def _complaints(grammar: Grammar) -> Iterator[str]:
    if not grammar.can_match:
        yield "No input at all can match it."
    for rule in dict.fromkeys((*grammar.entry, *grammar.public_rules)):
        for sentence in grammar.document.rules[rule].examples:
            if grammar.match(sentence.split(), rules=[rule]) is None:
                yield f"The example '{' '.join(sentence.split())}' of the rule '{rule}' does not match it."
