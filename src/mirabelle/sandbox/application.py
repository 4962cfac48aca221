"""A customer's application, as small as one can be: it asks for a key, thanks for it, and takes the result.

`start_url` answers with VoiceXML, which submits the key to `answer`; `result_url` is posted when the call is over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol
from xml.sax.saxutils import escape, quoteattr

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

MEDIA_TYPE: Final = "application/voicexml+xml"
MOST_FIELDS: Final = 50

REPLIES: Final = {"1": "your appointment is confirmed", "2": "your appointment is cancelled"}
"""What each key means."""


class Tell(Protocol):
    """Hears what the application is asked."""

    def __call__(self, event: str, **fields: str) -> None:
        """Hear one event: `started`, `answered` or `result`, with the fields that were posted."""
        ...


def create_application(tell: Tell) -> Starlette:
    """The application, to be served by any ASGI server.

    Args:
        tell: hears what it is asked.
    """

    async def start(request: Request) -> Response:
        fields = await _fields(request)
        # A server that looks at a start_url before it queues a call does so with GET: nobody was called yet.
        if request.method == "POST":
            tell("started", **fields)
        return Response(question(fields), media_type=MEDIA_TYPE)

    async def answer(request: Request) -> Response:
        fields = await _fields(request)
        tell("answered", **fields)
        return Response(farewell(fields.get("choice", "")), media_type=MEDIA_TYPE)

    async def result(request: Request) -> Response:
        if request.method == "POST":
            tell("result", **await _fields(request))
        return PlainTextResponse("thank you\n")

    return Starlette(
        routes=[
            Route("/start", start, methods=["GET", "POST"]),
            Route("/answer", answer, methods=["GET", "POST"]),
            Route("/result", result, methods=["GET", "POST"]),
        ]
    )


def question(fields: Mapping[str, str]) -> str:
    """The document that start_url answers with: one field, two keys.

    Args:
        fields: what was posted; `call_parameters` is the name of the person who is called.
    """
    # XML has no place for control characters.
    printable = "".join(each for each in fields.get("call_parameters", "")[:100] if each.isprintable())
    name = escape(printable) or "there"
    call_id = quoteattr(f"'{fields.get('call_id', '')}'" if fields.get("call_id", "").isdigit() else "''")
    items = "".join(f"<item>{key}</item>" for key in REPLIES)
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml" xml:lang="en-US">
  <var name="call_id" expr={call_id}/>
  <form id="appointment">
    <block>
      <prompt bargein="false">Hello {name}. This is Mirabelle, with a word about your appointment.</prompt>
    </block>
    <field name="choice">
      <grammar mode="dtmf" version="1.0" root="key" type="application/srgs+xml"
               xmlns="http://www.w3.org/2001/06/grammar">
        <rule id="key"><one-of>{items}</one-of></rule>
      </grammar>
      <prompt timeout="5s">It is tomorrow morning, at nine. To confirm it, press one. To cancel it, press two.</prompt>
      <noinput>I did not hear a key. <reprompt/></noinput>
      <nomatch>That key means nothing here. <reprompt/></nomatch>
      <noinput count="3">Goodbye. <exit/></noinput>
      <filled>
        <submit next="answer" method="post" namelist="choice call_id"/>
      </filled>
    </field>
  </form>
</vxml>
"""


def farewell(choice: str) -> str:
    """The document that follows a key. It leaves the callee a moment to hang up first.

    Args:
        choice: the key.
    """
    meaning = escape(REPLIES.get(choice, "nothing has been changed"))
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml" xml:lang="en-US">
  <form>
    <block>
      <prompt>Thank you, {meaning}. Goodbye.<break time="3s"/></prompt>
      <disconnect/>
    </block>
  </form>
</vxml>
"""


async def _fields(request: Request) -> dict[str, str]:
    """What was posted, or asked for in the URL."""
    if request.method == "GET":
        return dict(request.query_params)
    async with request.form(max_files=0, max_fields=MOST_FIELDS) as form:
        return {name: value for name, value in form.items() if not isinstance(value, UploadFile)}
