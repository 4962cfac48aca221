"""The forms of times, written out.

Source: "Supported Date and Time Formats" of the PHP manual; where it is silent, the formats of timelib 2022, which PHP
8.2 reads times with, and its answers.
The notation is that of `mirabelle.calls.when.notation`.
"""

from __future__ import annotations

import functools
from typing import Final

from mirabelle.calls.when.notation import read
from mirabelle.calls.when.scanner import Scanner

_PIECES: Final = r"""
digit: [0-9]
gap: [ \t]+
fraction: "." digit+

; Hours, minutes, seconds; "full" ones have both digits.
hour: [01]? digit or "2" [0-4]
full_hour: [01] digit or "2" [0-4]
hour_of_twelve: "0"? [1-9] or "1" [0-2]
minute: [0-5]? digit
full_minute: [0-5] digit
second: minute or "60"
full_second: full_minute or "60"
noon_side: [AaPp] "."? [Mm] "."? [\0\t ]
point: [:.]
time_mark: 't'?

; Zones
zone: "("? [A-Za-z]{1,6} ")"? or [A-Z] [a-z]+ ([_/-] [A-Za-z]+)+
offset: "GMT"? [+-] (hour (":"? minute)? or full_hour full_minute full_second
    or full_hour ":" full_minute ":" full_second)
zone_or_offset: offset or zone

; Days, months and years in digits
month: "0"? digit or "1" [0-2]
full_month: "0" digit or "1" [0-2]
day: ([0-2]? digit or "3" [01]) ("st" or "nd" or "rd" or "th")?
full_day: "0" digit or [1-2] digit or "3" [01]
year: digit{1,4}
two_digits: digit digit
full_year: digit digit digit digit
day_of_year: "00" [1-9] or "0" [1-9] digit or [1-2] digit digit or "3" [0-5] digit or "36" [0-6]
week: "0" [1-9] or [1-4] digit or "5" [0-3]

; Names
weekday: ('sun' or 'mon' or 'tues' or 'wednes' or 'thurs' or 'fri' or 'satur') 'day' 's'?
    or 'sun' or 'mon' or 'tue' or 'wed' or 'thu' or 'fri' or 'sat'
day_name: weekday or 'weekday' 's'?
long_month: 'january' or 'february' or 'march' or 'april' or 'may' or 'june' or 'july' or 'august' or 'september'
    or 'october' or 'november' or 'december'
short_month: 'jan' or 'feb' or 'mar' or 'apr' or 'may' or 'jun' or 'jul' or 'aug' or 'sep' or 'sept' or 'oct'
    or 'nov' or 'dec'
roman_month: "I" or "II" or "III" or "IV" or "V" or "VI" or "VII" or "VIII" or "IX" or "X" or "XI" or "XII"
month_name: long_month or short_month or roman_month
between: [ .\t-]*
after_day: [,.stndrh\t ]

; Amounts
ordinal: 'first' or 'second' or 'third' or 'fourth' or 'fifth' or 'sixth' or 'seventh' or 'eight' or 'eighth'
    or 'ninth' or 'tenth' or 'eleventh' or 'twelfth'
direction: 'next' or 'last' or 'previous' or 'this'
unit: 'ms' or "µ" 's' or ('msec' or 'millisecond' or "µ" 'sec' or 'microsecond' or 'usec' or 'sec' or 'second' or 'min'
    or 'minute' or 'hour' or 'day' or 'fortnight' or 'forthnight' or 'month' or 'year') 's'? or 'weeks' or day_name
number: [+-]* [ \t]* digit{1,13}

; What several forms below are made of
of_twelve: hour_of_twelve point full_minute gap? noon_side
    or hour_of_twelve point minute point full_second gap? noon_side
of_day: time_mark hour point minute (point second)?
with_zone: time_mark hour point minute point full_second gap? zone_or_offset
month_and_day: month_name between day (after_day+ or [\0])
"""

_FORMS: Final = r"""
yesterday: 'yesterday'
now: 'now'
noon: 'noon'
midnight: 'midnight' or 'today'
tomorrow: 'tomorrow'
unix_time: "@" "-"? digit+
unix_time_with_fraction: "@" "-"? digit+ "." digit{0,6}
edge_of_month: 'first day of' or 'last day of'
around_the_hour: ('back of ' or 'front of ') hour (gap? noon_side)?
weekday_of_month: (ordinal or direction) gap weekday gap 'of'
time_of_twelve: hour_of_twelve gap? noon_side or of_twelve
time_of_twelve_with_fraction: hour_of_twelve ":" full_minute ":" full_second point digit+ noon_side
time: 't' hour or of_day or time_mark hour point minute point second fraction
four_digits: time_mark full_hour full_minute
six_digits: time_mark full_hour full_minute full_second
american_date: month "/" day ("/" year)?
iso_date: [+-]? full_year "-" full_month "-" full_day or full_year "/" full_month "/" full_day "/"?
    or full_year "/" month "/" day
short_iso_date: two_digits "-" full_month "-" full_day
far_iso_date: [+-] digit{5,19} "-" full_month "-" full_day
year_and_month: full_year "-" month
loose_iso_date: year "-" month "-" day
day_month_year: day [ \t.-]* month_name [ \t.-]* year
pointed_date: day [.\t-] month [.-] full_year
short_pointed_date: day [.\t] month "." two_digits
month_and_year: month_name between full_year
year_and_month_name: full_year between month_name
month_day_year: month_name between day after_day+ year or month_and_day
day_and_month: day between month_name
eight_digits: full_year full_month full_day
date_and_time: full_year "-" full_month "-" full_day "T" full_hour ":" full_minute ":" full_second fraction offset?
    or full_year full_month full_day "T" hour ":" full_minute ":" full_second
    or full_year full_month full_day 't' hour full_minute full_second
    or full_year "-" month "-" day "T" hour ":" minute ":" second
    or full_year ":" full_month ":" full_day " " full_hour ":" full_minute ":" full_second
ordinal_date: full_year [.-]? day_of_year
week_date: full_year "-"? "W" week "-"? [0-7]
whole_week: full_year "-"? "W" week
month_first: short_month "-" full_day "-" year
year_first: year "-" short_month "-" full_day
log_time: day "/" short_month "/" full_year ":" full_hour ":" full_minute ":" full_second gap offset
four_digit_year: full_year
ago: 'ago'
named_day: day_name
relative_week: direction gap 'week'
relative_words: (ordinal or direction) gap unit
month_alone: long_month or short_month
zone_alone: zone_or_offset
month_day_and_time_of_twelve: month_and_day of_twelve
month_day_and_time: month_and_day of_day or month_and_day with_zone
amount: number gap? (unit or 'week')
separator: [ .,\t\0\n]
"""


@functools.cache
def scanner() -> Scanner:
    """The scanner of all forms; made once, when it is first needed."""
    pieces = read(_PIECES)
    forms = read(_PIECES + _FORMS)
    return Scanner({name: expression for name, expression in forms.items() if name not in pieces})
