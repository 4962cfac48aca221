"""What can be set, section by section, with its bounds and its defaults."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, SecretStr, model_validator

from mirabelle.calls import transfer_rule
from mirabelle.calls.transfer_rule import TransferRule
from mirabelle.calls.trunk import Trunk
from mirabelle.settings.address import host_port, port_range
from mirabelle.settings.section import Section
from mirabelle.settings.speech import RecognitionSettings, SpeechSettings

_HIDDEN: Final = "(hidden)"
_CREDENTIALS: Final = re.compile(r"(?<=://)([^/@:]*):[^/@]*(?=@)")


def _checked_host_port(text: str) -> str:
    host_port(text)
    return text


def _checked_health(text: str) -> str:
    return _checked_host_port(text) if text else text


def _checked_advertised(text: str) -> str:
    if text and re.search(r"[\s/@]", text):
        raise ValueError("write a host name or an address, or leave it empty")
    return text


def _checked_ports(text: str) -> str:
    port_range(text)
    return text


def _checked_store(text: str) -> str:
    if not re.match(r"(sqlite:///|postgres(ql)?://).", text):
        raise ValueError("write sqlite:///file.db or postgresql://user@host/database")
    return text


def _checked_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", text, re.ASCII):
        raise ValueError("write letters, digits, '.', '_' and '-', at most 63, a letter or a digit first")
    return text


def _checked_caller_id(text: str) -> str:
    if not re.fullmatch(r"\+?[0-9]{1,15}|", text, re.ASCII):
        raise ValueError("write digits only, with or without '+', at most 15")
    return text


HostPort = Annotated[str, AfterValidator(_checked_host_port)]
Advertised = Annotated[str, AfterValidator(_checked_advertised)]


def _checked_prefix(text: str) -> str:
    if not re.fullmatch(r"\+[0-9]{1,14}", text, re.ASCII):
        raise ValueError("write it as + and digits, for example +44")
    return text


class ServerSettings(Section):
    """The HTTP service."""

    listen: HostPort = Field(default="127.0.0.1:8080", description="Where HTTP requests are accepted, as host:port.")
    max_upload_mb: int = Field(
        default=256, ge=1, le=10_000, description="Megabytes of the largest request to queuecalls."
    )
    listed_calls: int = Field(
        default=1_000, ge=0, le=100_000, description="The most calls that a reply of queuecalls lists one by one."
    )

    @property
    def address(self) -> tuple[str, int]:
        """`listen` as host and port."""
        return host_port(self.listen)


class StoreSettings(Section):
    """The ledger of calls."""

    url: Annotated[str, AfterValidator(_checked_store)] = Field(
        default="sqlite:///mirabelle.db",
        repr=False,
        description="Where calls are kept: `sqlite:///file.db` (four slashes for an absolute path) or "
        "`postgresql://user@host/database`.",
    )


class SipSettings(Section):
    """Our end of SIP."""

    bind: HostPort = Field(
        default="127.0.0.1:5060", description="The address and port that SIP is sent from and heard on."
    )
    ring_timeout: int = Field(default=60, ge=5, le=600, description="Seconds that a number may ring before we give up.")
    advertised: Advertised = Field(
        default="", description="The host that the far end sees, where a NAT stands between; empty: the one in `bind`."
    )

    @property
    def address(self) -> tuple[str, int]:
        """`bind` as host and port."""
        return host_port(self.bind)


class MediaSettings(Section):
    """The sound of calls."""

    ports: Annotated[str, AfterValidator(_checked_ports)] = Field(
        default="20000-29999", description="The UDP ports for RTP, both ends included; each call takes two."
    )
    bind: Advertised = Field(
        default="127.0.0.1", min_length=1, description="The address that RTP is sent from and heard on."
    )
    advertised: Advertised = Field(
        default="", description="The address that the far end sends RTP to, where a NAT stands between; empty: `bind`."
    )
    processes: int = Field(default=0, ge=0, le=256, description="Media processes; 0: one per core.")
    force_python: bool = Field(
        default=False, description="Leave the compiled loop aside, to compare or to find a fault."
    )
    realtime: bool = Field(
        default=True, description="Let media processes ask for real-time scheduling, which takes a privilege."
    )

    @model_validator(mode="after")
    def _far_end_knows_where(self) -> MediaSettings:
        if self.bind in {"0.0.0.0", "::"} and not self.advertised:  # noqa: S104  this is what is refused
            raise ValueError("'bind' is every address of this machine; say in 'advertised' which the far end is to use")
        return self

    @property
    def port_range(self) -> tuple[int, int]:
        """`ports` as the lowest and the highest."""
        return port_range(self.ports)


class HttpSettings(Section):
    """Requests that we make: start_url, result_url and what applications refer to."""

    allow_private: bool = Field(
        default=False, description="May start_url and result_url be private or loopback addresses?"
    )
    timeout: float = Field(default=15, gt=0, le=300, description="Seconds that one request may take.")
    max_bytes: int = Field(default=2_000_000, ge=1_000, le=100_000_000, description="The largest reply that is read.")
    cache_mb: int = Field(
        default=64,
        ge=0,
        le=100_000,
        description="Megabytes of documents, recordings, grammars and scripts kept in memory for as long as their "
        "servers allow; 0 keeps none.",
    )
    preflight: bool = Field(
        default=True,
        description="Fetch start_url and result_url once, with GET, before a call is queued, and refuse the call "
        "unless both answer with 200? An account may leave it out.",
    )
    preflight_timeout: float = Field(default=5, gt=0, le=60, description="Seconds that each of them has to answer.")


class ApiSettings(Section):
    """The JSON API."""

    operator: str = Field(
        default="",
        max_length=128,
        description="The login of the account whose admin keys make accounts and act for every account; empty: none.",
    )
    requests_per_second: float = Field(
        default=50, gt=0, le=100_000, description="Requests that an account may send, a second in the long run."
    )
    burst: float = Field(default=200, ge=1, le=1_000_000, description="Requests that it may send at once.")


class DialerSettings(Section):
    """How calls are taken in hand."""

    drain_seconds: int = Field(
        default=30,
        ge=0,
        le=86_400,
        description="Seconds that calls in progress may take to end when the server is stopped.",
    )
    lease_seconds: int = Field(
        default=30,
        ge=1,
        le=3_600,
        description="Seconds after which the calls of a dialer that fell silent are looked into.",
    )
    most_calls: int = Field(
        default=0, ge=0, le=100_000, description="The most calls at once of this server; 0: as many as its ports carry."
    )
    health: Annotated[str, AfterValidator(_checked_health)] = Field(
        default="127.0.0.1:8081",
        description="Where `mirabelle dial` answers /health, /ready and /alive, as host:port; empty: nowhere.",
    )

    @property
    def health_address(self) -> tuple[str, int] | None:
        """`health` as host and port; None: nowhere."""
        return host_port(self.health) if self.health else None


def _split(value: object) -> object:
    """A list that is one text, as in an environment variable: its parts, between commas."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


TransferEntry = Annotated[str, AfterValidator(transfer_rule.check_entry)]
TransferHost = Annotated[str, AfterValidator(transfer_rule.check_host)]


class TransferSettings(Section):
    """Whom applications may transfer callees to."""

    to: Annotated[tuple[TransferEntry, ...], BeforeValidator(_split)] = Field(
        default=(transfer_rule.COUNTRY,),
        max_length=transfer_rule.MOST_ENTRIES,
        description="The numbers: `country` allows those of the callee's own country, `any` those of every one, a "
        'prefix such as `"+1416"` those that begin so. Premium-rate, shared-cost and satellite numbers only '
        "together with `costly`, or where the whole number stands here; `none`: no number. An account may have a "
        "list of its own.",
    )
    sip_hosts: Annotated[tuple[TransferHost, ...], BeforeValidator(_split)] = Field(
        default=(),
        max_length=transfer_rule.MOST_ENTRIES,
        description='The hosts of `sip:` addresses, such as `["pbx.example.com"]`, with `:port` where it matters; '
        "empty: no such address.",
    )
    rtp_timeout: float = Field(
        default=60,
        ge=0,
        le=86_400,
        description="Seconds after which the far end of a transfer counts as gone when no RTP packet comes from it and "
        "it holds nobody; 0: never, for far ends that send nothing while nobody speaks.",
    )

    def rule(self) -> TransferRule:
        """The same in the words of the domain."""
        return TransferRule(self.to, self.sip_hosts)


class CompatSettings(Section):
    """Where we differ from the old service, and how to have it back."""

    dialect: Literal["standard", "classic"] = Field(
        default="standard",
        description="How VoiceXML is read where the old service differed: `standard` is W3C's way, `classic` its own: "
        "`<submit>` sends nothing unless named, `<transfer>` bridges, `<record>` gives `audio/basic`, one prompt with "
        "barge-in gives it to those queued before it.",
    )
    echo_pin: bool = Field(
        default=False, description="Show the PIN in replies, as the old service did, instead of a mask."
    )
    unknown_fields: Literal["typos", "refuse", "ignore"] = Field(
        default="typos",
        description="A request with fields that are not known: `typos` refuses those that look like a known one "
        "misspelt and passes over the rest, `refuse` refuses all, `ignore` none.",
    )
    bad_ani: Literal["decline", "default"] = Field(
        default="decline",
        description="A number whose `;ani=` is not ten digits: `decline` refuses the call, `default` makes it from the "
        "trunk's `caller_id`.",
    )


def variable_part(name: str) -> str:
    """The name of a trunk as it stands in the names of environment variables."""
    return re.sub(r"[^A-Z0-9]", "_", name.upper())


class TrunkSettings(Section):
    """A way out to the telephone network."""

    name: Annotated[str, AfterValidator(_checked_name)] = Field(
        description="How you call it: letters, digits, `.`, `_`, `-`."
    )
    host: HostPort = Field(description="The SIP address of the carrier or the PBX, as host:port.")
    transport: Literal["udp"] = Field(default="udp", description="What SIP travels over: `udp`.")
    username: str = Field(default="", max_length=255, description="For digest authentication; empty: none.")
    password: SecretStr = Field(default=SecretStr(""), description="For digest authentication.")
    caller_id: Annotated[str, AfterValidator(_checked_caller_id)] = Field(
        default="", description="The number we call from, where the call names none: digits."
    )
    calls_per_second: float = Field(default=10, gt=0, le=10_000, description="The most INVITEs a second.")
    channels: int = Field(default=100, ge=1, le=100_000, description="The most calls at once.")
    prefixes: tuple[Annotated[str, AfterValidator(_checked_prefix)], ...] = Field(
        default=(),
        max_length=1_000,
        description='Beginnings of the numbers that it is meant for, such as `["+1", "+44"]`; empty: all numbers. '
        "The longest that fits decides.",
    )
    weight: int = Field(
        default=1, ge=1, le=100, description="Its share among trunks that are meant for the same numbers."
    )
    caller_ids: tuple[Annotated[str, AfterValidator(_checked_caller_id)], ...] = Field(
        default=(),
        max_length=1_000,
        description="A pool of numbers to call from, instead of `caller_id`; one callee always sees the same.",
    )

    def trunk(self) -> Trunk:
        """The same in the words of the domain."""
        return Trunk(**{**self.model_dump(), "password": self.password.get_secret_value()})


class Settings(Section):
    """All of it."""

    server: ServerSettings = ServerSettings()
    store: StoreSettings = StoreSettings()
    sip: SipSettings = SipSettings()
    media: MediaSettings = MediaSettings()
    http: HttpSettings = HttpSettings()
    api: ApiSettings = ApiSettings()
    speech: SpeechSettings = SpeechSettings()
    recognition: RecognitionSettings = RecognitionSettings()
    dialer: DialerSettings = DialerSettings()
    transfer: TransferSettings = TransferSettings()
    compat: CompatSettings = CompatSettings()
    trunk: tuple[TrunkSettings, ...] = Field(default=(), max_length=1_000)

    @model_validator(mode="after")
    def _names_differ(self) -> Settings:
        seen: dict[str, str] = {}
        for trunk in self.trunk:
            other = seen.setdefault(variable_part(trunk.name), trunk.name)
            if other is not trunk.name:
                raise ValueError(f"two trunks are called '{other}' and '{trunk.name}'; names must differ in more")
        return self

    @property
    def trunks(self) -> tuple[Trunk, ...]:
        """The trunks in the words of the domain, in the file's order."""
        return tuple(each.trunk() for each in self.trunk)

    def shown(self) -> dict[str, Any]:
        """Every setting as plain values, with secrets hidden."""
        values = self.model_dump(mode="json")
        values["recognition"]["token"] = _HIDDEN if self.recognition.token.get_secret_value() else ""
        values["store"]["url"] = _CREDENTIALS.sub(rf"\1:{_HIDDEN}", self.store.url)
        for each, trunk in zip(values["trunk"], self.trunk, strict=True):
            each["password"] = _HIDDEN if trunk.password.get_secret_value() else ""
        return values


def sections() -> Iterator[tuple[str, type[BaseModel]]]:
    """Each section's name and model, in the order of the documentation; `trunk` comes last."""
    for name, field in Settings.model_fields.items():
        model = TrunkSettings if name == "trunk" else field.annotation
        assert isinstance(model, type)
        assert issubclass(model, BaseModel)
        yield name, model
