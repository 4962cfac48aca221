"""The web server of an application of ten pages: a process of its own, so that its work is not counted.

    python -m tests.bench.vxml_site

Says its address on the standard output, and ends when its standard input does. Below `/kept/` every answer is the same
each time; below `/fresh/` no two documents are alike, as with an application that writes each page for its caller.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sys
from collections.abc import Iterator
from typing import Final

from tests.bench import child

PAGES: Final = 10
"""Documents that a session goes through, one after the other."""

_HEAD = (
    '<?xml version="1.0"?><vxml version="2.1" xmlns="http://www.w3.org/2001/vxml" xml:lang="en-US"'
    ' application="root.vxml"><meta name="page" content="{stamp}"/><var name="page" expr="{number}"/>'
    "<catch event='nomatch noinput' count='2'>Let us begin again.<reprompt/></catch>"
)
_KEY = (
    '<grammar xmlns="http://www.w3.org/2001/06/grammar" version="1.0" mode="dtmf" root="key"'
    ' tag-format="semantics/1.0"><rule id="key" scope="public"><one-of>'
    "<item>1<tag>out.way='on';</tag></item><item>2<tag>out.way='again';</tag></item>"
    "<item>3<tag>out.way='agent';</tag></item><item><item repeat='4-6'><one-of><item>0</item><item>9</item></one-of>"
    "</item><tag>out.way='code';</tag></item></one-of></rule></grammar>"
)

_FIELD = (
    "<form id='ask'><var name='tries' expr='0'/><field name='choice'>"
    + _KEY
    + "<prompt>This is page <value expr='page'/>. Press one to go on, two to hear this again.</prompt>"
    "<noinput>Please press a key.<reprompt/></noinput><nomatch>That was no choice.<reprompt/></nomatch><filled>"
    "<assign name='tries' expr='tries + 1'/><log>chose <value expr='choice.way'/></log>"
    "<if cond=\"choice.way == 'on'\"><assign name='total' expr='total + tries'/>"
    "<submit next='{after}' method='post' namelist='choice.way total page'/>"
    "<elseif cond=\"choice.way == 'agent'\"/><goto next='#agent'/><else/><clear namelist='choice'/></if></filled>"
    "</field></form><form id='agent'><block>Nobody is there.<exit/></block></form>"
)
_MENU = (
    "<menu id='main'><prompt>Menu. <enumerate>For <value expr='_prompt'/>, press <value expr='_dtmf'/>.</enumerate>"
    "</prompt><choice dtmf='1' next='{after}'>orders</choice><choice dtmf='2' next='#other'>invoices</choice>"
    "<choice dtmf='3' event='help'>help</choice><noinput>Please choose.<reprompt/></noinput></menu>"
    "<form id='other'><block>There are none.<goto next='#main'/></block></form>"
)
_SCRIPT = (
    "<script src='library.js'/><script><![CDATA[var items = []; for (var i = 0; i < 20; i++)"
    " items.push({{name: 'item ' + i, price: i * 3}}); var sum = priceOf(items); ]]></script>"
    "<form id='count'><block><prompt><foreach item='each' array='items.slice(0, 5)'><value expr='each.name'/> costs"
    " <value expr='spoken(each.price)'/>. </foreach>Together <value expr='spoken(sum)'/>.</prompt></block>"
    "<field name='sure' type='digits?length=1'><prompt>Press one if that is right.</prompt><filled>"
    "<if cond=\"sure == '1'\"><submit next='{after}' method='post' namelist='sure sum'/><else/><clear/></if></filled>"
    "</field></form>"
)
_SUBDIALOG = (
    "<form id='call'><subdialog name='code' src='code.vxml' namelist='page'><param name='digits' expr='1'/><filled>"
    "<prompt>You keyed <value expr='code.keyed'/>.</prompt></filled></subdialog>"
    "<block><submit next='{after}' method='post' namelist='code.keyed page'/></block></form>"
)
_DATA = (
    "<form id='look'><block><data name='account' src='account.json' accept='application/json'/>"
    "<prompt>Hello <value expr='account.name'/>, you have <value expr='account.orders.length'/> orders.</prompt>"
    "</block><field name='way'><grammar src='ways.grxml' type='application/srgs+xml'/><prompt>Press one.</prompt>"
    "<filled><submit next='{after}' namelist='way'/></filled></field></form>"
)
_LAST = "<form><block>Thank you, and goodbye.<exit namelist='total'/></block></form>"
_BODIES = (_FIELD, _MENU, _SCRIPT, _SUBDIALOG, _FIELD, _DATA, _MENU, _FIELD, _SCRIPT, _LAST)

_XML = "application/voicexml+xml"
_PARTS: Final = {
    "root.vxml": (
        _XML,
        '<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml"><property name="timeout" value="5s"/>'
        "<var name='total' expr='0'/><script>function spoken(n) {{ return n + ' dollars'; }}</script>"
        "<link event='help' dtmf='0'/><help>Press one.<reprompt/></help>"
        "<error>Sorry, that went wrong.<exit/></error></vxml>",
    ),
    "code.vxml": (
        _XML,
        '<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml" xml:lang="en-US"><form><var name="digits"/>'
        "<field name='keyed' type='digits?length=1'><prompt>Key <value expr='digits'/> digits.</prompt>"
        "<filled><return namelist='keyed'/></filled></field></form></vxml>",
    ),
    "ways.grxml": (
        "application/srgs+xml",
        '<grammar xmlns="http://www.w3.org/2001/06/grammar" version="1.0" mode="dtmf" root="way"><rule id="way"'
        ' scope="public"><one-of><item>1</item><item>2</item><item>3 <ruleref uri="#more"/></item></one-of></rule>'
        '<rule id="more"><item repeat="1-3"><one-of><item>4</item><item>5</item></one-of></item></rule></grammar>',
    ),
    "library.js": (
        "application/javascript",
        "function priceOf(items) {{ var sum = 0; for (var i in items) sum += items[i].price; return sum; }}\n",
    ),
    "account.json": (
        "application/json",
        '{{"name": "Ada", "orders": [{{"id": 1, "state": "sent"}}, {{"id": 2, "state": "open"}}]}}',
    ),
}


class _Site:
    """Answers requests; one serial number for every answer."""

    def __init__(self) -> None:
        self._serial = itertools.count()

    def answer(self, path: str) -> tuple[int, str, bytes]:
        """The status, type and body for a path, without its query."""
        _, kind, name = path.split("/", 2)
        stamp = next(self._serial) if kind == "fresh" else 0
        if name in _PARTS:
            content_type, text = _PARTS[name]
        elif name.isdigit() and int(name) < PAGES:
            content_type, text = _XML, _HEAD + _BODIES[int(name)] + "</vxml>"
        else:
            return 404, "text/plain", b"no such page"
        number = int(name) if name.isdigit() else 0
        return 200, content_type, text.format(stamp=stamp, number=number, after=number + 1).encode()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection until it closes (HTTP/1.1 with a Content-Length)."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                length = next(
                    (int(line[15:]) for line in head.lower().splitlines() if line.startswith("content-length:")), 0
                )
                await reader.readexactly(length)
                status, content_type, body = self.answer(head.split(" ", 2)[1].partition("?")[0])
                header = f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
                writer.write(f"HTTP/1.1 {status} -\r\n{header}".encode() + body)
                await writer.drain()
        writer.close()


async def _main() -> None:
    server = await asyncio.start_server(_Site().serve, "127.0.0.1", 0, backlog=1024)
    host, port = server.sockets[0].getsockname()[:2]
    print(f"http://{host}:{port}", flush=True)
    async with server:
        await asyncio.to_thread(sys.stdin.read)


@contextlib.contextmanager
def running() -> Iterator[str]:
    """Start the web server; yields its address, and ends it."""
    with child.running("tests.bench.vxml_site") as address:
        yield address


if __name__ == "__main__":
    asyncio.run(_main())
