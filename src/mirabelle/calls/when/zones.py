"""Zones of time as an expression names them: offsets, abbreviations and identifiers."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from mirabelle.calls.when.error import WhenError

_HOUR: Final = 3600
_MINUTE: Final = 60
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CYCLE: Final = 146_097 * 24 * _HOUR
"""The seconds of 400 years, after which the calendar repeats itself."""
_FIRST: Final = -62_135_596_800 + 2 * 24 * _HOUR
_LAST: Final = 253_402_300_799 - 400 * 24 * _HOUR
"""Between these instants a `datetime` exists in every zone, and is not in the last year of all."""
_LONGEST_ABBREVIATION: Final = 5

# The meaning that PHP gives to each; some are used for several zones.
_ABBREVIATIONS: Final = """
-11:00 sst
-10:00 ahst bdt hst
-09:30 hdt hpt hwt
-09:00 ahdt akst yst
-08:00 akdt pst ydt ypt ywt
-07:17:28 emt
-07:00 mst pdt ppt pwt yddt
-06:00 cst mdt mpt mwt pddt
-05:36:13 sjmt
-05:29:36 hmt
-05:14 qmt
-05:00 cdt cpt cwt est mddt
-04:49 ppmt
-04:40 sdmt
-04:16:48 cmt
-04:04:20 ffmt
-04:00 ast cddt edt ept ewt
-03:58:29 bmt
-03:51:24 smt
-03:50:40 amt
-03:40:36 pmt
-03:30 nst
-03:00 adt apt awt eddt
-02:30:52 ndt
-02:30 npt nwt
-02:00 addt
-01:30 nddt
-01:07:36 fmt
-00:25:21 dmt
+00:00 gmt uct utc wet
+01:00 bst cet met wat west
+01:24 wmt
+01:35:36 kmt
+01:36:34 rmt
+02:00 bdst cat cest eet ist mest sast wast wemt
+02:20:40 jmt
+02:30:17 mmt
+02:36:34 lst
+02:59:11 tbmt
+03:00 cemt eat eest idt msk
+03:25:44 tmt
+04:00 iddt msd
+04:31:19 mdst
+05:00 pkt
+06:00 pkst
+06:57:05 imt
+07:00 wib
+07:06:30 plmt
+08:00 awst hkt wita
+08:30 kst
+09:00 awdt hkst jst wit
+09:30 acst cast
+10:00 aest chst gst jdt kdt
+10:30 acdt
+11:00 aedt gdt
+11:30 nzmt
+12:00 nzst
+13:00 nzdt
"""
_WESTWARDS: Final = "nopqrstuvwxy"
_EASTWARDS: Final = "abcdefghiklm"


@dataclass(frozen=True, slots=True)
class Offset:
    """A fixed distance from UTC.

    Attributes:
        seconds: east of Greenwich is positive.
        name: as it was written.
    """

    seconds: int
    name: str

    def offset_at(self, instant: int) -> int:
        """The seconds to add to UTC at a Unix time."""
        return self.seconds

    def is_summer_at(self, instant: int) -> bool:
        """Whether summer time is in effect at a Unix time."""
        return False


@dataclass(frozen=True, slots=True)
class Place:
    """A zone with a history: an identifier of the time zone database, or the zone of the present instant."""

    rules: tzinfo
    name: str

    def offset_at(self, instant: int) -> int:
        """The seconds to add to UTC at a Unix time."""
        offset = self._local(instant).utcoffset()
        return 0 if offset is None else offset // timedelta(seconds=1)

    def is_summer_at(self, instant: int) -> bool:
        """Whether summer time is in effect at a Unix time."""
        return bool(self._local(instant).dst())

    def _local(self, instant: int) -> datetime:
        if instant > _LAST:
            instant -= ((instant - _LAST) // _CYCLE + 1) * _CYCLE
        return (_EPOCH + timedelta(seconds=max(instant, _FIRST))).astimezone(self.rules)


Zone = Offset | Place


def read(text: str) -> Zone:
    """Read the name of a zone, or an offset from UTC.

    Args:
        text: `+02:00`, `GMT-5`, `(CEST)`, `Europe/Berlin`.

    Raises:
        WhenError: there is no such zone.
    """
    name = text.strip(" \t()")
    distance = name[3:] if name[:3] == "GMT" and name[3:4] in {"+", "-"} else name
    if distance[:1] in {"+", "-"}:
        return Offset((-1 if distance[0] == "-" else 1) * _distance(distance[1:]), name)
    if len(name) <= _LONGEST_ABBREVIATION and (seconds := _abbreviations().get(name.lower())) is not None:
        return Offset(seconds, name.upper())
    identifier = _identifiers().get(name.lower())
    if identifier is not None:
        return Place(ZoneInfo(identifier), identifier)
    if not _identifiers():
        raise WhenError("may be a time zone, but there is no zone data here: install the package tzdata")
    raise WhenError("is not understood: it is no word for a time and no time zone")


def _distance(digits: str) -> int:
    """The seconds of `5`, `05`, `5:3`, `0530`, `05:30`, `053015` and `05:30:15`."""
    if ":" in digits:
        parts = [int(each) for each in digits.split(":")]
    elif len(digits) > 2:
        parts = [int(digits[at:][:2]) for at in range(len(digits) % 2, len(digits), 2)]
        parts = [int(digits[0]), *parts] if len(digits) % 2 else parts
    else:
        parts = [int(digits)]
    return sum(part * weight for part, weight in zip(parts, (_HOUR, _MINUTE, 1), strict=False))


@functools.cache
def _abbreviations() -> Mapping[str, int]:
    found = {"z": 0}
    found |= {letter: -_HOUR * hours for hours, letter in enumerate(_WESTWARDS, 1)}
    found |= {letter: _HOUR * hours for hours, letter in enumerate(_EASTWARDS, 1)}
    for line in _ABBREVIATIONS.split("\n"):
        if line:
            offset, *names = line.split()
            seconds = (-1 if offset[0] == "-" else 1) * _distance(re.sub(r"^.", "", offset))
            found |= dict.fromkeys(names, seconds)
    return found


@functools.cache
def _identifiers() -> Mapping[str, str]:
    """The identifiers that this machine knows, by their lower-case spelling."""
    return {name.lower(): name for name in available_timezones()}
