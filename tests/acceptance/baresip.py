"""baresip as the far end: a real user agent with real audio, driven over its control port."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.acceptance.program import PATIENCE, Program
from tests.ports import free_udp_port

CONFIG = """
poll_method select
sip_listen 127.0.0.1:{port}
audio_player aubridge,unheard
audio_source aufile,{folder}/says.wav
audio_alert aubridge,unheard
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
audio_buffer 20-160
snd_path {folder}
module_path {modules}
module g711.so
module aufile.so
module aubridge.so
module sndfile.so
module ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:{control}
module_app account.so
module_app menu.so
"""


class Baresip(Program):
    """A baresip that answers by itself, says `says.wav` of its folder, and keeps what it hears.

    Args:
        binary: the program.
        modules: where its modules are.
        port: where it listens for SIP.
        number: the user part that it answers for.
        folder: holds `says.wav`; its settings and recordings go there, too.
        codec: the one that it speaks.
    """

    def __init__(
        self, binary: Path, modules: Path, port: int, number: str, folder: Path, *, codec: str = "PCMU"
    ) -> None:
        self.folder = folder
        self._control_port = free_udp_port()
        (folder / "config").write_text(
            CONFIG.format(port=port, control=self._control_port, folder=folder, modules=modules)
        )
        account = f"<sip:{number}@127.0.0.1:{port};transport=udp>;regint=0;answermode=auto;audio_codecs={codec}\n"
        (folder / "accounts").write_text(account)
        (folder / "contacts").touch()
        super().__init__([binary, "-f", folder])
        self.wait_for_line("baresip is ready")
        self._control = socket.create_connection(("127.0.0.1", self._control_port), timeout=PATIENCE)
        self._heard: list[Mapping[str, Any]] = []
        self._told = threading.Condition()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def command(self, name: str, parameters: str) -> None:
        """Have it do something: `sndcode` and a key presses the key."""
        text = json.dumps({"command": name, "params": parameters, "token": "test"}).encode()
        self._control.sendall(b"%d:%s," % (len(text), text))

    def keys(self, count: int) -> str:
        """The first keys that it was sent, waiting for as many as asked."""
        until = time.monotonic() + PATIENCE
        with self._told:
            while len(keys := self._keys()) < count:
                left = until - time.monotonic()
                assert left > 0, f"baresip heard the keys {keys!r}, not {count} of them"
                self._told.wait(left)
            return keys

    def _keys(self) -> str:
        return "".join(event["param"] for event in self._heard if event.get("type") == "CALL_DTMF_START")

    def recording(self) -> Path:
        """What it heard, as a WAV file; complete once the call has ended."""
        (found,) = self.folder.glob("dump-*-dec.wav")
        return found

    def _listen(self) -> None:
        buffer = b""
        try:
            while piece := self._control.recv(65536):
                buffer += piece
                while (colon := buffer.find(b":")) > 0 and len(buffer) >= colon + 2 + (size := int(buffer[:colon])):
                    message = json.loads(buffer[colon + 1 : colon + 1 + size])
                    buffer = buffer[colon + 2 + size :]
                    with self._told:
                        self._heard.append(message)
                        self._told.notify_all()
        except OSError:
            return

    def stop(self) -> None:
        """End it."""
        super().stop()
        self._control.close()
        self._listener.join(10)
