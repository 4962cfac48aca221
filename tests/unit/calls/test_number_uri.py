import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.calls.number import NumberError, Rfc, TelUri, parse_uri

BOTH = (Rfc.RFC3966, Rfc.RFC2806, Rfc.EITHER)
NEWER = (Rfc.RFC3966, Rfc.EITHER)
OLDER = (Rfc.RFC2806, Rfc.EITHER)

GRAMMAR = [
    ("tel:+16175550123", BOTH),
    ("+1(617)555.0-1-2-3", BOTH),
    ("tel:+-1", BOTH),
    ("7042;phone-context=example.com", BOTH),
    ("7042;phone-context=company.example.", NEWER),
    ("7042;phone-context=1234.example", NEWER),
    ("7042;phone-context=+1-914-555", BOTH),
    ("7042;phone-context=213", OLDER),
    ("7042;phone-context=X-COMPANY-NET", BOTH),
    ("7042;phone-context=!private", OLDER),
    ("7042;phone-context=%22private%22", OLDER),
    ("7042;phone-context=213;phone-context=+1", OLDER),
    ("7042;phone-context=+1;phone-context=+1", OLDER),
    ("*21%23;phone-context=+49", BOTH),
    ("E7F;phone-context=+49", NEWER),
    ("0w0035855;phone-context=+358", OLDER),
    ("+16175550123;isub=12-3", BOTH),
    ("+16175550123;isub=a/b?c%20", NEWER),
    ("+16175550123;ext=12", BOTH),
    ("+16175550123;ext=a", (Rfc.RFC2806,)),
    ("+16175550123;postd=pw1A", BOTH),
    ("+16175550123;postd=x", (Rfc.RFC3966,)),
    ("+16175550123;tsp=carrier.example", BOTH),
    ("+16175550123;tsp=-", (Rfc.RFC3966,)),
    ("+16175550123;flag", BOTH),
    ("+16175550123;a=1;a=1", (Rfc.RFC2806,)),
    ("+16175550123;vnd.x=1", OLDER),
    ("+16175550123;x=a?b", OLDER),
    ("+16175550123;x=[a]", NEWER),
    ("+16175550123;x=%22a%20b%5C%22c%22", BOTH),
    ("+16175550123;x=%22a", NEWER),
    ("+16175550123;x=%A1", NEWER),
    ("", ()),
    ("tel:", ()),
    ("+", ()),
    ("+-", ()),
    ("-", ()),
    ("+A12", ()),
    ("7042", ()),
    ("7042;phone-context=", ()),
    ("7042;phone-context", ()),
    ("7042;phone-context=+", ()),
    ("7042;phone-context=.", ()),
    ("7042;phone-context=++64", ()),
    ("7042;phone-context=+64x", ()),
    ("7042;phone-context=3phone", ()),
    ("7042;phone-context=a-.example", ()),
    ("+16175550123;isub=", ()),
    ("+16175550123;=1", ()),
    ("+16175550123;x=", ()),
    ("+16175550123;x=%", ()),
    ("+16175550123;x=%zz", ()),
    ("+16175550123;x=a b", ()),
    ("+1 6175550123", ()),
    ("fax:+16175550123", ()),
    ("tel:tel:+16175550123", ()),
    ("call tel:+16175550123", ()),
]

SAME = [
    ("tel:+1-617-555-0123", "+1(617)5550123"),
    ("TEL:+16175550123;EXT=1-2", "tel:+16175550123;ext=12"),
    ("+16175550123;b=1;a=2", "+16175550123;a=2;b=1"),
    ("7042;phone-context=Example.COM.", "7042;phone-context=example.com"),
    ("7042;phone-context=+1-914", "7042;phone-context=+1914"),
    ("7042;phone-context=A-Bc.Ca", "7042;phone-context=a-bc.ca"),
    ("7042;phone-context=213;phone-context=213", "7042;phone-context=213"),
    ("+16175550123;x=%41", "+16175550123;x=a"),
    ("+16175550123;x=%2f", "+16175550123;x=%2F"),
    ("+16175550123;postd=1-#", "+16175550123;postd=1%23"),
    ("a1;phone-context=+1", "A1;phone-context=+1"),
]

DIFFERENT = [
    ("+16175550123", "16175550123;phone-context=+1"),
    ("+16175550123", "+16175550123;ext=1"),
    ("7042;phone-context=example.com", "7042;phone-context=example.org"),
    ("7042;phone-context=213", "7042;phone-context=+213"),
    ("7042;phone-context=a.bc", "7042;phone-context=abc"),
    ("7042;phone-context=a-b", "7042;phone-context=ab"),
    ("+16175550123;x", "+16175550123;y"),
]

NAMES = st.sampled_from(["ext", "isub", "phone-context", "postd", "tsp", "a", "setup"])
VALUES = {
    "ext": st.text("0123456789-", min_size=1, max_size=6),
    "isub": st.text("abcABC012/?%", min_size=1, max_size=6),
    "phone-context": st.sampled_from(["+1-914", "2-13", "Example.com", "X-NET", "A.bc", "a-d", "p1"]),
    "postd": st.text("0123456789ABCDpw*#-", min_size=1, max_size=6),
    "tsp": st.sampled_from(["carrier.example", "A.Example"]),
    "a": st.text("abcABC012%/?", min_size=1, max_size=6),
    "setup": st.just("1"),
}
PARAMETERS = st.lists(
    NAMES.flatmap(lambda name: VALUES[name].map(lambda value: f";{name}={value.replace('%', '%2f')}")), max_size=4
).map("".join)
URLS = st.tuples(st.sampled_from(["", "tel:", "TEL:"]), st.text("+0123456789-.()ABF*#", max_size=12), PARAMETERS).map(
    "".join
)


@pytest.mark.parametrize(("text", "rfc", "valid"), [(text, rfc, rfc in fits) for text, fits in GRAMMAR for rfc in BOTH])
def test_a_url_is_held_to_the_grammar(text: str, rfc: Rfc, valid: bool) -> None:
    try:
        parse_uri(text, rfc=rfc)
    except NumberError:
        assert not valid
    else:
        assert valid


def test_post_dial_digits_behind_the_context_are_an_extension_to_rfc_2806() -> None:
    text = "+3585551234567;phone-context=+1234;postd=pp22"
    assert parse_uri(text, rfc=Rfc.RFC2806).value("postd") == "pp22"
    with pytest.raises(NumberError, match="wrong place"):
        parse_uri(text, rfc=Rfc.RFC2806, future_extensions=False)


def test_a_local_number_needs_no_context_where_the_reader_knows_it() -> None:
    uri = parse_uri("tel:123;postd=123", context_needed=False)
    assert (uri.number, uri.is_global, uri.value("postd")) == ("123", False, "123")


def test_a_url_is_taken_apart() -> None:
    uri = parse_uri("tel:863-1234;x=%22a%22;phone-context=+1-914-555;flag")
    assert uri == TelUri("8631234", (("x", "%22a%22"), ("phone-context", "+1-914-555"), ("flag", None)))
    assert uri.contexts == ("+1914555",)
    assert (uri.value("x"), uri.value("flag"), uri.value("y")) == ('"a"', "", None)


def test_an_extension_of_two_parts_keeps_them() -> None:
    uri = parse_uri("+16175550123;vnd.x=a?b;y=a%3fb")
    assert parse_uri(str(uri)) == uri
    assert uri.canonical() == "tel:+16175550123;vnd.x=a?b;y=a%3Fb"


def test_the_canonical_form_has_the_order_of_rfc_3966() -> None:
    uri = parse_uri("tel:7042;setup=1;Ext=4-2;b;phone-context=Example.com")
    assert uri.canonical() == "tel:7042;ext=42;phone-context=example.com;b;setup=1"


@pytest.mark.parametrize(("one", "other"), SAME)
def test_two_ways_of_writing_a_number_are_the_same(one: str, other: str) -> None:
    assert parse_uri(one).canonical() == parse_uri(other).canonical()


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_what_differs_in_more_than_writing_is_not_the_same(one: str, other: str) -> None:
    assert parse_uri(one).canonical() != parse_uri(other).canonical()


@given(URLS)
def test_both_written_forms_read_back_as_the_same(text: str) -> None:
    try:
        uri = parse_uri(text)
    except NumberError:
        return
    assert parse_uri(str(uri)) == uri
    again = parse_uri(uri.canonical())
    assert again.canonical() == uri.canonical()


@given(URLS)
def test_the_canonical_form_of_an_rfc_3966_url_is_one_too(text: str) -> None:
    try:
        uri = parse_uri(text, rfc=Rfc.RFC3966)
    except NumberError:
        return
    assert parse_uri(uri.canonical(), rfc=Rfc.RFC3966).canonical() == uri.canonical()


@given(st.text(max_size=140), st.sampled_from(Rfc), st.booleans(), st.booleans())
def test_any_text_is_a_url_or_a_number_error(text: str, rfc: Rfc, future: bool, needed: bool) -> None:
    try:
        uri = parse_uri(text, rfc=rfc, future_extensions=future, context_needed=needed)
    except NumberError:
        return
    assert uri.canonical().startswith("tel:")
