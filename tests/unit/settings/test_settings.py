from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.calls.transfer_rule import TransferRule
from mirabelle.settings import Settings, SettingsError, host_port, load, port_range

TRUNK = '[[trunk]]\nname = "main"\nhost = "127.0.0.1:5080"\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mirabelle.toml"


def refused(file: Path, text: str, **environ: str) -> str:
    file.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load(file, environ)
    return str(caught.value)


def test_without_a_file_every_setting_has_its_default() -> None:
    settings = load(None, {})
    assert settings == Settings()
    assert settings.server.address == ("127.0.0.1", 8080)
    assert settings.media.port_range == (20000, 29999)
    assert settings.http.allow_private is False
    assert settings.trunks == ()


def test_the_file_says_otherwise(file: Path) -> None:
    file.write_text('[server]\nlisten = "0.0.0.0:80"\n[http]\nallow_private = true\n' + TRUNK + "channels = 7\n")
    settings = load(file, {})
    assert settings.server.address == ("0.0.0.0", 80)
    assert settings.http.allow_private is True
    assert [(trunk.name, trunk.host, trunk.channels) for trunk in settings.trunks] == [("main", "127.0.0.1:5080", 7)]


def test_the_environment_wins_over_the_file(file: Path) -> None:
    file.write_text('[sip]\nbind = "127.0.0.1:5060"\n' + TRUNK + 'password = "from the file"\n')
    environ = {
        "MIRABELLE_SIP_BIND": "127.0.0.1:5999",
        "MIRABELLE_HTTP_ALLOW_PRIVATE": "true",
        "MIRABELLE_TRUNK_MAIN_PASSWORD": "from outside",
        "MIRABELLE_TRUNK_MAIN_CALLS_PER_SECOND": "2.5",
    }
    settings = load(file, environ)
    assert settings.sip.bind == "127.0.0.1:5999"
    assert settings.http.allow_private is True
    assert settings.trunks[0].password == "from outside"
    assert settings.trunks[0].calls_per_second == 2.5


def test_whom_applications_may_transfer_to_is_a_list_or_one_text(file: Path) -> None:
    assert load(None, {}).transfer.rule() == TransferRule(("country",), ())
    file.write_text('[transfer]\nto = ["any", "costly"]\nsip_hosts = ["PBX.example.com"]\n')
    assert load(file, {}).transfer.rule() == TransferRule(("any", "costly"), ("pbx.example.com",))
    environ = {"MIRABELLE_TRANSFER_TO": "country, +1416", "MIRABELLE_TRANSFER_SIP_HOSTS": ""}
    assert load(file, environ).transfer.rule() == TransferRule(("country", "+1416"), ())


def test_the_environment_alone_can_make_a_trunk() -> None:
    environ = {"MIRABELLE_TRUNK_MAIN_HOST": "sip.example.net:5060", "MIRABELLE_TRUNK_MAIN_CALLER_ID": "8005551212"}
    (trunk,) = load(None, environ).trunks
    assert (trunk.name, trunk.host, trunk.caller_id) == ("main", "sip.example.net:5060", "8005551212")


def test_the_environment_names_the_file(file: Path) -> None:
    file.write_text("[sip]\nring_timeout = 20\n")
    assert load(None, {"MIRABELLE_CONFIG": str(file)}).sip.ring_timeout == 20


def test_other_programs_variables_are_left_alone() -> None:
    environ = {"PATH": "/bin", "MIRABELLE_SERVICE_HOST": "10.0.0.1", "MIRABELLE_PORT_8080_TCP": "x"}
    assert load(None, environ) == Settings()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[sip]\nbnid = "x"\n', "line 2: [sip] bnid is not a setting; did you mean 'bind'?"),
        ('[siip]\nbind = "x"\n', "line 1: [siip] is not a section; did you mean [sip]?"),
        ("[server]\nring_timeout = 5\n", "line 2: [server] ring_timeout is not a setting; 'ring_timeout' belongs into"),
        ("[server]\nxyzzy = 5\n", "[server] xyzzy is not a setting; there are listen, max_upload_mb, listed_calls."),
        ('listen = "x"\n', "line 1: [listen] is not a section; 'listen' belongs into [server]."),
        ("[sip]\n\nring_timeout = 2\n", "line 3: [sip] ring_timeout: write 5 or more."),
        ('[sip]\nring_timeout = "soon"\n', "line 2: [sip] ring_timeout: write a whole number."),
        ("[sip]\nring_timeout = 5.5\n", "line 2: [sip] ring_timeout: write a whole number."),
        ("[sip]\nring_timeout = 601\n", "line 2: [sip] ring_timeout: write 600 or less."),
        ("[http]\ntimeout = 0\n", "line 2: [http] timeout: write more than 0"),
        ("[sip]\nadvertised = 5\n", "line 2: [sip] advertised: write a text between quotation marks."),
        ('[sip]\nbind = "localhost"\n', "line 2: [sip] bind: write it as host:port"),
        ('[media]\nports = "30000-20000"\n', "line 2: [media] ports: take two ports from 1024 to 65535"),
        ('[media]\nports = "many"\n', "line 2: [media] ports: write it as lowest-highest"),
        ('[store]\nurl = "mysql://x"\n', "line 2: [store] url: write sqlite:///file.db or postgresql://"),
        (
            '[media]\nbind = "0.0.0.0"\n',
            "[media]: 'bind' is every address of this machine; say in",
        ),
        ("store = 5\n", "line 1: [store] is a section; write [store] on a line of its own"),
        ("[trunk]\nx = 5\n", "line 1: [trunk] is a section; write [[trunk]] on a line of its own"),
        ('[[trunk]]\nname = "main"\n', "line 1: [[trunk]] 'main' host is missing; it has no default."),
        (TRUNK + TRUNK.replace("host", "hots"), "line 6: [[trunk]] 'main' hots is not a setting; did you mean 'host'?"),
        (TRUNK + TRUNK, "two trunks are called 'main' and 'main'"),
        (TRUNK + 'transport = "tls"\n', "line 4: [[trunk]] 'main' transport: write 'udp'."),
        (TRUNK.replace('"main"', '"m n"'), "[[trunk]] 'm n' name: write letters, digits"),
        (TRUNK + 'caller_id = "(800) 555"\n', "line 4: [[trunk]] 'main' caller_id: write digits only"),
        ('[http]\nallow_private = "maybe"\n', "line 2: [http] allow_private: write true or false."),
        ('[transfer]\nto = ["US"]\n', "line 2: [transfer] to: write country, any, costly, none, or + and digits"),
        ('[transfer]\nsip_hosts = ["sip:pbx"]\n', "line 2: [transfer] sip_hosts: write a host such as"),
        ("[sip\n", "this is not TOML: "),
    ],
)
def test_a_fault_says_where_it_is_and_what_to_do(file: Path, text: str, said: str) -> None:
    message = refused(file, text)
    assert str(file) in message
    assert said in message


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        ("MIRABELLE_SIP_BNID", "MIRABELLE_SIP_BNID (environment) is not a setting; did you mean 'MIRABELLE_SIP_BIND'?"),
        ("MIRABELLE_SIP_XYZZY", "is not a setting; `mirabelle settings` lists"),
        ("MIRABELLE_SIP_BIND", "MIRABELLE_SIP_BIND (environment): write it as host:port"),
        ("MIRABELLE_TRUNK_MIAN_PASSWORD", "there is no trunk 'mian'; MIRABELLE_TRUNK_MIAN_HOST makes one."),
        ("MIRABELLE_TRUNK_MAIN_PASWORD", "write MIRABELLE_TRUNK_<NAME>_ and one of HOST"),
    ],
)
def test_a_fault_in_the_environment_names_the_variable(file: Path, variable: str, said: str) -> None:
    assert said in refused(file, TRUNK, **{variable: "x"})


def test_every_fault_is_told_at_once(file: Path) -> None:
    file.write_text("[sip]\nring_timeout = 1\nbnid = 2\n")
    with pytest.raises(SettingsError) as caught:
        load(file, {})
    assert len(caught.value.faults) == 2


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.toml: the file cannot be read .*check --config"):
        load(tmp_path / "nowhere.toml", {})


def test_a_file_that_is_not_text_is_refused(file: Path) -> None:
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="not UTF-8"):
        load(file, {})


def test_a_huge_file_is_refused(file: Path) -> None:
    file.write_bytes(b"#" * 1_000_001)
    with pytest.raises(SettingsError, match="larger than"):
        load(file, {})


def test_secrets_are_shown_nowhere(file: Path) -> None:
    file.write_text(TRUNK + 'password = "swordfish"\n[store]\nurl = "postgresql://joe:swordfish@db/calls"\n')
    settings = load(file, {})
    assert "swordfish" not in repr(settings) + str(settings.shown()) + repr(settings.trunks)
    assert settings.trunks[0].password == "swordfish"
    assert settings.shown()["store"]["url"] == "postgresql://joe:(hidden)@db/calls"


def test_the_token_of_a_recogniser_is_shown_nowhere(file: Path) -> None:
    file.write_text('[recognition]\nurl = "http://127.0.0.1:9000/"\ntoken = "swordfish"\n')
    settings = load(file, {})
    assert "swordfish" not in repr(settings) + str(settings.shown())
    assert settings.recognition.token.get_secret_value() == "swordfish"


@pytest.mark.parametrize("url", ["ftp://host/", "host:9000", "http://", "http://joe:swordfish@host/"])
def test_the_address_of_a_recogniser_is_one_of_http_without_a_secret(file: Path, url: str) -> None:
    assert "recognition" in (reason := refused(file, f'[recognition]\nurl = "{url}"\n'))
    assert "swordfish" not in reason


def test_a_recogniser_of_our_own_needs_no_address_and_takes_none(file: Path) -> None:
    file.write_text('[recognition]\nengine = "pocketsphinx"\n')
    assert load(file, {}).recognition.engine == "pocketsphinx"
    reason = refused(file, '[recognition]\nengine = "pocketsphinx"\nurl = "http://127.0.0.1:9000/"\n')
    assert "leave it out" in reason


def test_a_refused_secret_is_not_shown(file: Path) -> None:
    assert "swordfish" not in refused(file, TRUNK + 'password = ["swordfish"]\n')


@pytest.mark.parametrize(
    ("text", "expected"),
    [("127.0.0.1:5060", ("127.0.0.1", 5060)), ("[::1]:80", ("::1", 80)), ("sip.example.net:0", ("sip.example.net", 0))],
)
def test_an_address_is_host_and_port(text: str, expected: tuple[str, int]) -> None:
    assert host_port(text) == expected


@pytest.mark.parametrize("text", ["", ":80", "host", "host:", "host:65536", "::1:80", "a b:80", "host:80/x"])
def test_anything_else_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match="host:port"):
        host_port(text)


@given(st.integers(1024, 65534), st.integers(1, 1000))
def test_a_port_range_reads_back(lowest: int, more: int) -> None:
    highest = min(lowest + more, 65535)
    assert port_range(f"{lowest}-{highest}") == (lowest, highest)


@given(st.text())
def test_any_text_is_read_or_refused_as_an_address(text: str) -> None:
    try:
        host, port = host_port(text)
    except ValueError:
        return
    assert host
    assert 0 <= port <= 65535
