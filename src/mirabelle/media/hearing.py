"""The receiving half of the engine: from datagrams to digits, recordings and figures, for a bank at a time."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

from mirabelle import g711
from mirabelle.media import inband, rtp, telephone_event
from mirabelle.media.arena import FRAME
from mirabelle.media.bank import Bank, Stream, headers
from mirabelle.media.events import Digit, MediaEvent, VoiceBegan, VoiceEnded, WentSilent
from mirabelle.media.latching import may_hear, may_latch
from mirabelle.media.wire import STRIDE, Inbox, Wire, host_text

Integers = npt.NDArray[np.int64]
Told = list[tuple[int, MediaEvent]]

PASSES: Final = 8
"""The most packets taken for one stream in one tick: what a flood costs is bounded, what jitter bunches is not lost."""

PATIENCE: Final = 100
"""Ticks without a packet after which a stream listens for its far end on another port: 2 s."""

FADED: Final = 10
"""Ticks without a packet after which a tone counts as over."""

COMFORT_NOISE: Final = 13
"""The payload type of what is sent now and then in place of silence (RFC 3389)."""

_PLAIN: Final = rtp.VERSION << 6

_CODECS: Final[Mapping[g711.Codec, int]] = MappingProxyType({"PCMU": 0, "PCMA": 8})
"""The static payload types (RFC 3551 section 6)."""


def hear(bank: Bank, wire: Wire, inbox: Inbox, ticks: int, now: float) -> Told:
    """Take all that came for a bank.

    Args:
        bank: whose streams.
        wire: their sockets.
        inbox: room for one packet of each.
        ticks: the present, in ticks.
        now: the present, in seconds.

    Returns:
        Keys that were pressed, voice that began or ended, far ends that went silent, with the number of the stream.
    """
    told: Told = []
    bank.quiet[: bank.count] += 1
    rows = np.arange(bank.count, dtype=np.int32)
    for _ in range(PASSES):
        count = wire.receive(rows, bank.fds, inbox)
        if count == 0:
            break
        told += _Batch(bank, inbox, count).take(ticks, now)
        rows = inbox.owners[:count].copy()
    bank.latched[: bank.count] &= bank.quiet[: bank.count] < PATIENCE
    for stream in list(bank.holding.values()):
        _report(stream, stream.receiver.expire(now), told)
    for row in np.nonzero(bank.inband[: bank.count] & (bank.quiet[: bank.count] == FADED))[0].tolist():
        _report(bank.streams[row], bank.streams[row].tracker.let_go(), told)
    if bank.watched[: bank.count].any():
        told += _voices(bank, now)
    told += _silences(bank)
    return told


def _voices(bank: Bank, now: float) -> Told:
    rows = np.nonzero(bank.watched[: bank.count])[0]
    turns = bank.voices.step(rows, bank.energy[rows], bank.span[rows], now)
    bank.energy[rows], bank.span[rows] = 0, 0
    return [(bank.streams[each.row].number, (VoiceBegan if each.began else VoiceEnded)(each.at)) for each in turns]


def _silences(bank: Bank) -> Told:
    limits, quiet = bank.silence_limit[: bank.count], bank.quiet[: bank.count]
    rows = np.nonzero((limits > 0) & (quiet >= limits))[0]
    limits[rows] = 0
    return [(bank.streams[row].number, WentSilent()) for row in rows.tolist()]


def _report(stream: Stream, pressed: list[telephone_event.Pressed], told: Told) -> None:
    if not stream.receiver.holding:
        stream.bank.holding.pop(stream.number, None)
    told += [(stream.number, Digit(key.key, key.at, key.duration_ms)) for key in pressed]


class _Batch:
    """Packets of which no two are of the same stream."""

    def __init__(self, bank: Bank, inbox: Inbox, count: int) -> None:
        self._bank, self._inbox = bank, inbox
        self._owners = inbox.owners[:count].astype(np.int64)
        self._lengths = inbox.lengths[:count]
        self._headers = headers(inbox.ring)[:count]

    def take(self, ticks: int, now: float) -> Told:
        bank, owners = self._bank, self._owners
        good = self._well_formed() & bank.live[owners]
        kind = self._headers["second"] & 0x7F
        is_event = kind == bank.event_type[owners]
        # Comfort noise says that somebody is there; what is played of it is silence.
        is_noise = (kind == COMFORT_NOISE) & ~is_event
        good &= is_event | is_noise | (kind == bank.audio_type[owners]) | (kind == 0) | (kind == 8)
        good &= self._from_far_end(good)
        np.add.at(bank.refused, owners[~good & bank.live[owners]], 1)
        picked = np.nonzero(good)[0]
        if not len(picked):
            return []
        rows, sounds = owners[picked], ~(is_event | is_noise)[picked]
        bank.quiet[rows] = 0
        header = self._headers[picked]
        anew = bank.reception.update(
            rows,
            header["ssrc"].astype(np.int64),
            header["sequence"].astype(np.int64),
            header["timestamp"].astype(np.int64),
            sounds,
            ticks * FRAME,
        )
        told: Told = []
        for index in np.nonzero(anew)[0].tolist():
            stream = bank.streams[int(rows[index])]
            _report(stream, stream.receiver.restart(), told)
        for packet in picked[is_event[picked]].tolist():
            self._take_event(packet, now, told)
        for packet in picked[sounds & bank.recorded[rows]].tolist():
            self._take_audio(packet, ticks)
        for packet in picked[sounds & bank.bridged[rows]].tolist():
            self._pass_on(packet)
        for packet in picked[sounds & bank.tapped[rows]].tolist():
            self._give_away(packet)
        if bank.watched[rows].any():
            self._measure(picked[sounds & bank.watched[rows]])
        if bank.inband[rows].any():
            self._listen_for_tones(picked[sounds & bank.inband[rows]], now, told)
        return told

    def _well_formed(self) -> npt.NDArray[np.bool_]:
        """RTP whose payload begins behind twelve octets; what has more header is rewritten so that it does."""
        lengths = self._lengths
        good = (lengths >= rtp.HEADER_LENGTH) & (lengths < STRIDE) & (self._headers["first"] >> 6 == rtp.VERSION)
        for packet in np.nonzero(good & (self._headers["first"] != _PLAIN))[0].tolist():
            parsed = rtp.parse(self._inbox.ring[packet, : lengths[packet]].tobytes())
            if parsed is None:
                good[packet] = False
                continue
            plain = rtp.pack(parsed)
            self._inbox.ring[packet, : len(plain)] = np.frombuffer(plain, np.uint8)
            lengths[packet] = len(plain)
        return np.asarray(good)

    def _from_far_end(self, good: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        bank, owners, count = self._bank, self._owners, len(self._owners)
        hosts, ports = self._inbox.hosts[:count], self._inbox.ports[:count]
        accepted = bank.latched[owners] & (hosts == bank.heard_host[owners]) & (ports == bank.heard_port[owners])
        for packet in np.nonzero(good & ~accepted)[0].tolist():
            row, host = int(owners[packet]), int(hosts[packet])
            signalled = bank.streams[row].signalled
            heard = host_text(int(bank.heard_host[row])) if bank.latched[row] else ""
            if not may_hear(signalled, host_text(host), heard):
                continue
            bank.latched[row] = accepted[packet] = True
            bank.heard_host[row], bank.heard_port[row] = host, ports[packet]
            if may_latch(signalled, host_text(host)):
                bank.outbox.hosts[row], bank.outbox.ports[row] = host, ports[packet]
        return np.asarray(accepted)

    def _payload(self, packet: int) -> npt.NDArray[np.uint8]:
        return self._inbox.ring[packet, rtp.HEADER_LENGTH : self._lengths[packet]]

    def _take_event(self, packet: int, now: float, told: Told) -> None:
        event = telephone_event.parse(self._payload(packet).tobytes())
        if event is None:
            return
        stream = self._bank.streams[int(self._owners[packet])]
        pressed = stream.receiver.feed(event, int(self._headers["timestamp"][packet]), now)
        if stream.receiver.holding:
            self._bank.holding[stream.number] = stream
        _report(stream, pressed, told)

    def _listen_for_tones(self, packets: Integers, now: float, told: Told) -> None:
        """All packets of one block together; the others, which nobody asked for, block by block."""
        regular, others = self._by_length(packets)
        if len(regular):
            self._track(self._owners[regular], self._blocks(regular), now, told)
        for packet in others.tolist():
            stream = self._bank.streams[int(self._owners[packet])]
            stream.rest += g711.to_pcm(self._payload(packet).tobytes(), self._codec(packet))
            while len(stream.rest) >= 2 * FRAME:
                block = np.frombuffer(stream.rest[: 2 * FRAME], "<i2").astype(np.float32)
                stream.rest = stream.rest[2 * FRAME :]
                self._track(self._owners[packet : packet + 1], block[None], now, told)

    def _measure(self, packets: Integers) -> None:
        """Add the energy of packets to that of their streams."""
        bank, owners = self._bank, self._owners
        regular, others = self._by_length(packets)
        if len(regular):
            blocks = self._blocks(regular)
            bank.energy[owners[regular]] += np.einsum("ij,ij->i", blocks, blocks)
            bank.span[owners[regular]] += FRAME
        for packet in others.tolist():
            samples = g711.decode(self._payload(packet), self._codec(packet)).astype(np.float64)
            bank.energy[owners[packet]] += np.dot(samples, samples)
            bank.span[owners[packet]] += len(samples)

    def _by_length(self, packets: Integers) -> tuple[Integers, Integers]:
        """Those of one block, and the others."""
        whole = self._lengths[packets] == rtp.HEADER_LENGTH + FRAME
        return packets[whole], packets[~whole]

    def _blocks(self, packets: Integers) -> npt.NDArray[np.float32]:
        """The samples of packets that are one block long, a packet in each row."""
        blocks = np.empty((len(packets), FRAME), np.float32)
        kinds = (self._headers["second"][packets] & 0x7F).astype(np.uint8)
        for codec in _CODECS:
            of_codec = np.nonzero(self._in_codec(codec, kinds, self._owners[packets]))[0]
            codes = self._inbox.ring[packets[of_codec], rtp.HEADER_LENGTH : rtp.HEADER_LENGTH + FRAME]
            blocks[of_codec] = g711.decode_table(codec)[codes]
        return blocks

    def _in_codec(self, codec: g711.Codec, kinds: npt.NDArray[np.uint8], rows: Integers) -> npt.NDArray[np.bool_]:
        agreed = kinds == self._bank.audio_type[rows]
        speaks = np.array([self._bank.streams[row].codec == codec for row in rows.tolist()], np.bool_)
        return np.where(agreed, speaks, kinds == _CODECS[codec])

    def _track(self, rows: Integers, blocks: npt.NDArray[np.float32], now: float, told: Told) -> None:
        bank = self._bank
        found = inband.decide(inband.windows_of(bank.tail[rows], blocks)).reshape(len(rows), -1)
        bank.tail[rows] = blocks[:, -inband.WINDOW :]
        for row, keys in zip(rows.tolist(), found.tolist(), strict=True):
            stream = bank.streams[row]
            if stream.tracker.idle and max(keys) == inband.NOTHING:
                continue
            for key in keys:
                _report(stream, stream.tracker.step(key, now), told)

    def _codec(self, packet: int) -> g711.Codec:
        row = int(self._owners[packet])
        kind = int(self._headers["second"][packet]) & 0x7F
        if kind == int(self._bank.audio_type[row]):
            return self._bank.streams[row].codec
        return "PCMA" if kind == _CODECS["PCMA"] else "PCMU"

    def _pass_on(self, packet: int) -> None:
        """To the other stream of a bridge."""
        peer = self._bank.streams[int(self._owners[packet])].peer
        if peer is None or peer.relay is None:
            return
        header = self._headers[packet]
        codes = self._payload(packet).tobytes()
        peer.relay.add(int(header["timestamp"]), int(header["ssrc"]), codes, self._codec(packet))

    def _give_away(self, packet: int) -> None:
        """To the one who listens."""
        tap = self._bank.streams[int(self._owners[packet])].tap
        if tap is not None:
            header = self._headers[packet]
            codes = self._payload(packet).tobytes()
            tap.add(int(header["timestamp"]), int(header["ssrc"]), codes, self._codec(packet))

    def _take_audio(self, packet: int, ticks: int) -> None:
        stream = self._bank.streams[int(self._owners[packet])]
        if stream.recording is None:
            return
        header = self._headers[packet]
        codec = self._codec(packet)
        elapsed = (ticks - stream.recording_since) * FRAME
        stream.recording.add(
            int(header["timestamp"]), int(header["ssrc"]), g711.decode(self._payload(packet), codec), elapsed
        )
