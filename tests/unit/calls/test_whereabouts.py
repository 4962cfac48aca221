import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import timezone

from mirabelle.calls.number import PhoneNumber
from mirabelle.calls.schedule import rules_of
from mirabelle.calls.whereabouts import candidate_zones, countries

CHICAGO, DENVER, NEW_YORK, LOS_ANGELES = (
    f"America/{city}" for city in ("Chicago", "Denver", "New_York", "Los_Angeles")
)


@pytest.mark.parametrize(
    ("e164", "zones"),
    [
        ("+16175550123", {NEW_YORK}),
        # Florida: Pensacola is listed as Central; of an exchange that is not listed nobody knows.
        ("+18504321234", {CHICAGO}),
        ("+18505551212", {CHICAGO, NEW_YORK}),
        # Idaho: of +1 208 3 most, and so the entry, are Mountain, some are Pacific.
        ("+12083451234", {"America/Boise", DENVER, LOS_ANGELES}),
        ("+12088821234", {LOS_ANGELES}),
        ("+17015551212", {CHICAGO, DENVER, "America/North_Dakota/Center"}),
        ("+19285551212", {"America/Phoenix", DENVER}),
        ("+18085550123", {"Pacific/Honolulu"}),
        # A mobile telephone of the Caribbean has an area code of its own.
        ("+12684644852", {"America/Antigua"}),
        ("+493012345678", {"Europe/Berlin"}),
        ("+4915112345678", {"Europe/Berlin"}),
        ("+498001234567", {"Europe/Berlin"}),
        ("+390612345678", {"Europe/Rome"}),
        ("+442079460123", {"Europe/London"}),
        ("+61298765432", {"Australia/Sydney"}),
        ("+61885001234", {"Australia/Adelaide", "Australia/Perth"}),
        ("+68521012", {"Pacific/Apia"}),
        ("+919812345678", {"Asia/Calcutta"}),
        ("+97714123456", {"Asia/Katmandu"}),
        # No such number, but no reason to know less than its country code tells.
        ("+6852101", {"Pacific/Apia"}),
        # Of no country: free of charge everywhere, satellites, international networks.
        ("+80012345678", set()),
        ("+881612345678", set()),
        ("+870773111632", set()),
        ("+883510012345", set()),
        ("+9999999999", set()),
    ],
)
def test_a_number_may_be_in_these_zones(e164: str, zones: set[str]) -> None:
    assert set(candidate_zones(PhoneNumber(e164))) == zones


@pytest.mark.parametrize(
    ("e164", "some"),
    [
        ("+18005550123", {"America/St_Johns", "Pacific/Honolulu", "Pacific/Guam", NEW_YORK}),
        ("+19005551234", {NEW_YORK, "Pacific/Guam"}),
        ("+61412345678", {"Australia/Perth", "Australia/Eucla", "Australia/Adelaide", "Australia/Lord_Howe"}),
        ("+611300123456", {"Australia/Perth", "Australia/Sydney"}),
        ("+79161234567", {"Europe/Moscow", "Asia/Kamchatka"}),
        ("+5540041234", {"America/Sao_Paulo", "America/Manaus"}),
    ],
)
def test_a_number_without_a_place_may_be_anywhere_in_its_country_code(e164: str, some: set[str]) -> None:
    assert some < set(candidate_zones(PhoneNumber(e164)))


EXAMPLES = [
    example
    for region in sorted(phonenumbers.SUPPORTED_REGIONS)
    for kind in range(11)
    if (example := phonenumbers.example_number_for_type(region, kind)) is not None
]


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(EXAMPLES), st.integers(0, 9999))
def test_no_zone_of_a_land_line_is_missed_and_every_zone_is_known(example: phonenumbers.PhoneNumber, tail: int) -> None:
    e164 = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    e164 = e164[: max(len(e164) - 4, 5)] + f"{tail:04}"
    found = candidate_zones(PhoneNumber(e164))
    assert list(found) == sorted(set(found))
    assert all(rules_of(zone) for zone in found)
    parsed = phonenumbers.parse(e164)
    kind = phonenumbers.number_type(parsed)
    if parsed.country_code != 1 or phonenumbers.is_number_type_geographical(kind, parsed.country_code or 0):
        assert set(timezone.time_zones_for_number(parsed)) - {"Etc/Unknown"} <= set(found)


@pytest.mark.parametrize(
    ("e164", "expected"),
    [
        ("+16175550123", ("US",)),
        ("+14165550123", ("CA",)),
        ("+12684644852", ("AG",)),
        ("+493012345678", ("DE",)),
        ("+442079460123", ("GB",)),
        ("+447911123456", ("GB", "GG", "IM", "JE")),
        ("+79161234567", ("RU", "KZ")),
        ("+80012345678", ()),
        ("+9999999999", ()),
    ],
)
def test_a_number_may_be_in_these_countries(e164: str, expected: tuple[str, ...]) -> None:
    assert countries(PhoneNumber(e164)) == expected


def test_a_toll_free_number_may_be_anywhere_in_north_america() -> None:
    assert {"US", "CA", "JM"} < set(countries(PhoneNumber("+18005550123")))
