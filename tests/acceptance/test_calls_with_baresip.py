import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.baresip import Baresip
from tests.acceptance.customer import DOCUMENT, Customer
from tests.acceptance.service import Service
from tests.acceptance.tones import seconds_of, tone

NUMBER = "+16175550123"
PLACES = ("/usr/lib/baresip/modules", "/usr/local/lib/baresip/modules", "/opt/homebrew/lib/baresip/modules")

PLAY_AND_RECORD = DOCUMENT.format(
    '<form><record name="said" maxtime="3s" finalsilence="10s" beep="false"><prompt><audio src="tone.wav"/></prompt>'
    '<filled><submit next="said" method="post" enctype="multipart/form-data" namelist="said"/></filled></record></form>'
)


@pytest.fixture
def baresip(
    require_peer: Callable[[str, Path | str | None], Path], service: Service, tmp_path: Path
) -> Iterator[Baresip]:
    """A callee that says a tone of 440 Hz."""
    binary = require_peer("baresip", shutil.which("baresip"))
    modules = require_peer("baresip's modules", next((each for each in PLACES if Path(each).is_dir()), None))
    folder = tmp_path / "baresip"
    folder.mkdir()
    (folder / "says.wav").write_bytes(tone(440, 60))
    with Baresip(binary, modules, service.trunk_port, NUMBER, folder) as running:
        yield running


def test_audio_goes_both_ways(service: Service, customer: Customer, baresip: Baresip) -> None:
    customer.pages["start"] = (200, PLAY_AND_RECORD)
    customer.files["tone.wav"] = tone(700, 2.5)
    call_id = service.queue(customer)
    said = customer.upload("said")
    assert service.ended(call_id)["outcome"] == "answered"
    assert 2.5 <= seconds_of(440, said) <= 3.0
    assert service.program is not None
    assert service.program.wait_for("media", call_id=call_id)["lost"] == 0
    baresip.stop()
    assert 2.3 <= seconds_of(700, baresip.recording()) <= 2.6


def test_keys_go_both_ways(service: Service, customer: Customer, baresip: Baresip) -> None:
    call_id = service.queue(customer, phone_number=f"tel:{NUMBER};postd=p4#2", start_url=customer.url("menu"))
    assert baresip.keys(3) == "4#2"
    assert service.program is not None
    service.program.wait_for("prompt", call_id=call_id)
    baresip.command("sndcode", "1")
    assert customer.wait_for("choice") == {"choice": "1"}
    assert customer.wait_for("result")["result"] == "completed"
