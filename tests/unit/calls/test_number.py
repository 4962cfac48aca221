import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mirabelle.calls.number import NumberError, PhoneNumber, is_plain, parse, with_plus

ACCEPTED = [
    ("+16175550123", PhoneNumber("+16175550123")),
    ("tel:+16175550123", PhoneNumber("+16175550123")),
    ("TEL:+1-617-555-0123", PhoneNumber("+16175550123")),
    ("+1 (617) 555.0123", PhoneNumber("+16175550123")),
    ("+1 617\u2011555\u20110123", PhoneNumber("+16175550123")),
    ("16175550123", PhoneNumber("+16175550123")),
    ("%2B16175550123", PhoneNumber("+16175550123")),
    ("tel:+16177123000;postd=1234", PhoneNumber("+16177123000", post_dial="1234")),
    ("+16177123000;postd=p1*#", PhoneNumber("+16177123000", post_dial="p1*#")),
    ("+16177123000;postd=p1*%23", PhoneNumber("+16177123000", post_dial="p1*#")),
    ("+16177123000;postd=P1-2w(ab)", PhoneNumber("+16177123000", post_dial="p12wAB")),
    ("+16177123000;ani=8001234567", PhoneNumber("+16177123000", caller_id="8001234567")),
    ("+16177123000;ani=800-123-4567", PhoneNumber("+16177123000", caller_id="8001234567")),
    ("+16177123000;ani=8001234567;postd=pp9", PhoneNumber("+16177123000", "pp9", "8001234567")),
    ("+16177123000;POSTD=pp9;ANI=8001234567", PhoneNumber("+16177123000", "pp9", "8001234567")),
    ("+442079460000", PhoneNumber("+442079460000")),
    ("+44 (0) 20 7946 0000", PhoneNumber("+442079460000")),
    ("+39 06 698 12345", PhoneNumber("+390669812345")),
    ("+1-418-656-9254;ext=10-2", PhoneNumber("+14186569254", extension="102")),
    ("+64-3-331-6005;isub=12345", PhoneNumber("+6433316005", subaddress="12345")),
    ("331-6005;phone-context=+64-3", PhoneNumber("+6433316005")),
    ("03-331-6005;phone-context=+64", PhoneNumber("+6433316005")),
    ("2530000;phone-context=1-650", PhoneNumber("+16502530000")),
    ("4567890;phone-context=pbx.example.com;phone-context=+1617", PhoneNumber("+16174567890")),
    ("+16175550123;phone-context=example.com", PhoneNumber("+16175550123")),
    ("+16175550123;tsp=carrier.example;npdi;vnd.colour=%22blue%22", PhoneNumber("+16175550123")),
]

REFUSED = [
    ("", "no number"),
    ("tel:", "no number"),
    (";postd=1", "no number"),
    ("6175550123", "country code"),
    ("6175550123;postd=1", "country code"),
    ("00442079460000", "country code"),
    ("+1617555012x", "something other"),
    ("1-800-FLOWERS", "something other"),
    ("sip:+16175550123@example.com", "something other"),
    ("++16175550123", "something other"),
    ("+16175550123\u00e9", "something other"),
    ("+1617", "length .* come 10 digits, not 3"),
    ("+16175550", "area code is missing"),
    ("+10175550123", "never begins with 0 or 1"),
    ("+999123456789", "cannot be read: it begins with the code of no country"),
    ("+16175550123;postd=q", "postd"),
    ("+16175550123;postd=", "postd"),
    ("+16175550123;postd", "postd"),
    ("+16175550123;postd=-", "postd"),
    ("+16175550123;ani=18001234567", "ten digits"),
    ("+16175550123;ani=%2B8001234567", "ten digits"),
    ("+16175550123;ani=", "ten digits"),
    ("+16175550123;ext=x", "digits of an extension"),
    ("+16175550123;postd=1;postd=2", "more than once"),
    ("+16175550123;ani=8001234567;ani=8001234567", "more than once"),
    ("+16175550123;m-colour=blue", "not known"),
    ("+16175550123;posd=12", "did you mean 'postd'"),
    ("+16175550123;", "';name=value'"),
    ("+16175550123;x=%4", "hexadecimal"),
    ("863-1234;phone-context=+1-914-555", "length"),
    ("7042;phone-context=example.com", "inside 'example.com'"),
    ("0w003585551234567;phone-context=+3585551234", "not a number of the telephone network"),
    ("My number is tel:+16175550123", "give 'tel:.16175550123' alone"),
    ("+1" + "6" * 200, "longer"),
    ("+16175550123" + ";x" * 80, "longer"),
]

KEYS = st.text("0123456789ABCD*#pw", max_size=20)
DIGITS = st.text("0123456789", min_size=1, max_size=8)
NATIONAL = st.tuples(st.sampled_from("23456789"), st.text("0123456789", min_size=9, max_size=9)).map("".join)
NUMBERS = st.builds(
    PhoneNumber,
    e164=st.one_of(NATIONAL.map("+1{}".format), st.sampled_from(["+442079460000", "+6433316005", "+80012345678"])),
    post_dial=KEYS,
    caller_id=st.one_of(st.just(""), st.text("0123456789", min_size=10, max_size=10)),
    extension=st.one_of(st.just(""), DIGITS),
    subaddress=st.one_of(st.just(""), DIGITS, st.text("abc0123456789/:?@=,%~", max_size=9)),
)


@pytest.mark.parametrize(("text", "number"), ACCEPTED)
def test_a_number_is_understood(text: str, number: PhoneNumber) -> None:
    assert parse(text) == number


@pytest.mark.parametrize(("text", "reason"), REFUSED)
def test_a_number_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(NumberError, match=reason):
        parse(text)


@pytest.mark.parametrize(
    ("text", "country", "e164"),
    [
        ("(617) 555-0123", "US", "+16175550123"),
        ("tel:617-555-0123;postd=1", "US", "+16175550123"),
        ("16175550123", "US", "+16175550123"),
        ("020 7946 0000", "GB", "+442079460000"),
        ("16175550123", "GB", "+16175550123"),
        ("+16175550123", "GB", "+16175550123"),
        ("13812345678", "CN", "+8613812345678"),
        ("011 44 20 7946 0000", "US", "+442079460000"),
    ],
)
def test_a_national_number_is_read_in_the_country_named(text: str, country: str, e164: str) -> None:
    assert parse(text, country=country).e164 == e164


@pytest.mark.parametrize(
    ("text", "country"), [("5550123", "US"), ("617555012345678", "GB"), ("6175550123", "no country")]
)
def test_a_number_that_is_none_of_the_country_is_refused(text: str, country: str) -> None:
    with pytest.raises(NumberError):
        parse(text, country=country)


def test_a_bad_caller_id_can_be_passed_over_and_is_told() -> None:
    number = parse("+16175550123;ani=18001234567", bad_ani="default")
    assert number == PhoneNumber("+16175550123")
    assert "ten digits" in number.caller_id_fault


def test_an_extension_is_pressed_before_the_rest() -> None:
    assert parse("+14186569254;postd=w9;ext=102").keys == "p102w9"


def test_without_an_extension_only_the_post_dial_keys_are_pressed() -> None:
    assert parse("+14186569254;postd=w9").keys == "w9"


@pytest.mark.parametrize(
    ("text", "restored"),
    [
        (" 16175550123", "+16175550123"),
        (" 442079460000;postd=1", "+442079460000;postd=1"),
        ("tel: 442079460000", "tel:+442079460000"),
        (" 44 20 7946-0000", "+44 20 7946-0000"),
    ],
)
def test_a_plus_that_a_form_made_a_space_is_put_back(text: str, restored: str) -> None:
    assert with_plus(text) == restored
    assert parse(text) == parse(restored)


@pytest.mark.parametrize("text", [" 6595551234", " 999123456789", "  442079460000", "442079460000", " ", ""])
def test_a_space_stays_where_a_plus_is_not_certain(text: str) -> None:
    assert with_plus(text) == text
    with pytest.raises(NumberError):
        parse(text)


def test_the_url_is_that_of_rfc_3966() -> None:
    number = PhoneNumber("+16175550123", "pA#", "8001234567", "102", "77")
    assert number.uri() == "tel:+16175550123;ext=102;isub=77;ani=8001234567;postd=pa%23"


@given(NUMBERS)
def test_what_is_written_as_a_url_is_read_as_the_same_number(number: PhoneNumber) -> None:
    if len(number.uri()) <= 128:
        assert parse(number.uri()) == number


@given(st.one_of(st.text(max_size=200), st.text("+0123456789 ;=-pwtel:postdaniextisub%2BF", max_size=60)))
def test_any_text_is_a_number_or_a_number_error(text: str) -> None:
    try:
        number = parse(text)
    except NumberError:
        return
    assert number.e164.startswith("+")
    assert parse(number.uri()) == number


@given(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True))
def test_digits_alone_are_read_as_phonenumbers_reads_them(text: str) -> None:
    try:
        known = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        with pytest.raises(NumberError):
            parse(text)
        return
    reason = phonenumbers.is_possible_number_with_reason(known)
    e164 = phonenumbers.format_number(known, phonenumbers.PhoneNumberFormat.E164)
    if reason == phonenumbers.ValidationResult.IS_POSSIBLE and not e164.startswith(("+10", "+11")):
        assert parse(text).e164 == e164
    else:
        with pytest.raises(NumberError):
            parse(text)


@settings(max_examples=1_500)
@given(st.sampled_from(sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)), st.text("0123456789", max_size=13))
def test_what_is_taken_without_asking_phonenumbers_is_what_it_would_say(code: int, rest: str) -> None:
    text = f"+{code}{rest}"
    if not is_plain(text):
        return
    known = phonenumbers.parse(text)
    assert phonenumbers.is_possible_number_with_reason(known) == phonenumbers.ValidationResult.IS_POSSIBLE
    assert phonenumbers.format_number(known, phonenumbers.PhoneNumberFormat.E164) == text
    assert parse(text) == PhoneNumber(text)


@pytest.mark.parametrize("region", ["US", "GB", "DE", "FR", "JP", "BR", "IN", "ZA", "AU"])
def test_the_numbers_of_large_countries_are_taken_without_asking(region: str) -> None:
    example = phonenumbers.example_number(region)
    assert example is not None
    assert is_plain(phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164))


@pytest.mark.parametrize("text", ["16175550123", "+1617555012", "+1 6175550123", "+16175550123;ext=1", "", "+"])
def test_anything_else_is_not_plain(text: str) -> None:
    assert not is_plain(text)
