"""The names of JSGF: of grammars, of their rules, and what they mean where others are imported (sections 2 and 3.3)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from mirabelle.grammar.error import GrammarError
from mirabelle.grammar.model import RuleRef
from mirabelle.grammar.reference import joined

_SUFFIX = ".gram"


@dataclass(slots=True)
class Names:
    """What the names in one grammar mean.

    Attributes:
        uri: where the grammar came from.
        grammar: its full name, as in `com.acme.pin`; empty where it has none.
        rules: the names it defines, without qualifier.
        single: the full names of rules that were imported one by one, by their simple name.
        whole: the full names of grammars that were imported with all their public rules.
        grammars: the full names of grammars of which anything was imported, by their simple name.
    """

    uri: str
    grammar: str = ""
    rules: Collection[str] = ()
    single: dict[str, dict[str, None]] = field(default_factory=dict)
    whole: list[str] = field(default_factory=list)
    grammars: dict[str, dict[str, None]] = field(default_factory=dict)

    def add(self, imported: str, *, line: int) -> None:
        """Note `import <imported>`.

        Raises:
            GrammarError: it names no grammar, or no rule of it.
        """
        grammar, _, rule = imported.rpartition(".")
        if not grammar or not rule:
            reason = f"'<{imported}>' cannot be imported; name a grammar and its rule, or all its rules with '.*'."
            raise GrammarError(reason, uri=self.uri, line=line)
        self.grammars.setdefault(_simple(grammar), {})[grammar] = None
        if rule == "*":
            self.whole.append(grammar)
        else:
            self.single.setdefault(rule, {})[imported] = None

    def local(self, name: str) -> str:
        """Return a rule's name without the qualifier of this grammar."""
        for qualifier in filter(None, (self.grammar, _simple(self.grammar))):
            if name.startswith(qualifier + "."):
                return name.removeprefix(qualifier + ".")
        return name

    def reference(self, name: str, *, line: int) -> RuleRef:
        """Return what a reference means: a rule of this grammar, or else an imported one, or one that is named in full.

        A name that none of them explains may still be a rule of a grammar imported as a whole.

        Raises:
            GrammarError: several imported rules have that name.
        """
        local = self.local(name)
        qualifier, _, simple = local.rpartition(".")
        if local in self.rules or (not qualifier and local not in self.single):
            return RuleRef(local, shown=local, line=line)
        if not qualifier:
            return self._one(name, list(self.single[local]), line)
        grammars = {} if "." in qualifier else self.grammars.get(qualifier, {})
        return self._one(name, [f"{grammar}.{simple}" for grammar in grammars] or [local], line)

    def _one(self, name: str, meant: list[str], line: int) -> RuleRef:
        if len(meant) > 1:
            reason = f"<{name}> is imported more than once; write <{meant[0]}> or <{meant[1]}>."
            raise GrammarError(reason, uri=self.uri, line=line)
        grammar, _, rule = meant[0].rpartition(".")
        return RuleRef(rule, self.located(grammar), name, "application/x-jsgf", line=line)

    def located(self, grammar: str) -> str:
        """Return where a grammar of that name is.

        Packages are folders. A grammar of the same package stands beside this one; any other is looked for from the
        folder in which this one's package begins, or beside it where its URI does not tell its package.
        """
        own, name = self.grammar.rpartition(".")[0], grammar
        folder, _, file = urlsplit(self.uri).path.rpartition("/")
        suffix = f".{file.rpartition('.')[2]}" if "." in file else _SUFFIX
        package = grammar.rpartition(".")[0]
        up = ""
        if package == own:
            name = _simple(grammar)
        elif own and f"{folder}/".endswith(f"/{own.replace('.', '/')}/"):
            up = "../" * (own.count(".") + 1)
        return joined(self.uri, up + quote(name.replace(".", "/")) + suffix)


def _simple(name: str) -> str:
    return name.rpartition(".")[2]
