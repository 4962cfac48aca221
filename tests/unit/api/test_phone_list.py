from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirabelle.api.phone_list import MOST_CHARACTERS, BadLine, Item, PhoneList, Row

A, B = "+16175550123", "+442071838750"


def read(data: bytes, size: int = 1_000_000) -> list[Item]:
    reader = PhoneList()
    items = [item for at in range(0, len(data), size) for item in reader.feed(data[at : at + size])]
    return items + reader.finish()


@pytest.mark.parametrize(
    ("data", "rows"),
    [
        (b"", []),
        (b"1", [(1, "1", "", "")]),
        (f"{A}\n{B}\n", [(1, A, "", ""), (2, B, "", "")]),
        (f"{A}\r\n\r\n{B},ref,a=1", [(1, A, "", ""), (3, B, "ref", "a=1")]),
        (f"\ufeff{A},r\n", [(1, A, "r", "")]),
        (f"# who\n#\n{A}\n", [(3, A, "", "")]),
        (f"  {A} , r ,p\n", [(1, f"  {A} ", " r ", "p")]),
        (f"{A}\tr,1\tp,2\n", [(1, A, "r,1", "p,2")]),
        (f"{A},r\t1\n", [(1, A, "r\t1", "")]),
        (f'"{A}"\t"r"\t"p\t,"\n', [(1, A, "r", "p\t,")]),
        (f'{A},"r,1","say ""hi"""\n{B}', [(1, A, "r,1", 'say "hi"'), (2, B, "", "")]),
        (f'{A},"two\r\nlines",p\r\n{B}\r\n', [(1, A, "two\nlines", "p"), (3, B, "", "")]),
        (f'{A},"# no comment\n# either"\n', [(1, A, "# no comment\n# either", "")]),
        (f'{A},he said "hi"\n', [(1, A, 'he said "hi"', "")]),
        (f"Phone Number,Message Reference,Call Parameters\n{A}\n", [(2, A, "", "")]),
        (f"\n# list\nphone_number\n{A}\n", [(4, A, "", "")]),
        (f"{A},r,p,,\n", [(1, A, "r", "p")]),
        (f",,\n , \n{A}\n", [(3, A, "", "")]),
        (f"{A};postd=p12;ani=8005551212,r\n", [(1, f"{A};postd=p12;ani=8005551212", "r", "")]),
        (f'{A},"",""\n', [(1, A, "", "")]),
        (f'{A},"r" \n', [(1, A, "r", "")]),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1_000])
def test_rows_are_read_however_the_bytes_come(data: str | bytes, rows: list[Row], size: int) -> None:
    assert read(data.encode() if isinstance(data, str) else data, size) == rows


@pytest.mark.parametrize(
    ("data", "line", "said"),
    [
        (f"{A}\n,ref\n".encode(), 2, "no number"),
        (f"{A},a,b,c\n".encode(), 1, "4 columns"),
        (f"{A},{'x' * 256}\n".encode(), 1, "message_reference is longer"),
        (f"{A},,{'x' * 256}\n".encode(), 1, "call_parameters is longer"),
        (f"{A},a\x01\n".encode(), 1, "control character"),
        (f"\n{A},".encode() + b"\xff\n", 2, "not UTF-8"),
        (f'{A},"a" b\n'.encode(), 1, "behind a closing quote"),
        (f'{A}\n{A},"a\nb\n'.encode(), 2, "never closed"),
        (f'{A},"'.encode() + b"x\n" * MOST_CHARACTERS, 1, "lines 1 to"),
        (b"x" * (MOST_CHARACTERS + 1) + b"\n", 1, "longer than"),
        (b"\n" + b"x" * 1_000_000, 2, "longer than"),
        (b"phone_number,call_parameters,message_reference\n", 1, "columns are"),
        ("x".encode("utf-16"), 1, "UTF-16"),
        (b"PK\x03\x04" + b"\0" * 100, 1, "workbook"),
        (b"\x1f\x8b\x08\x00\n\n\n", 1, "compressed"),
    ],
)
@pytest.mark.parametrize("size", [1_000, 1_000_000])
def test_a_bad_line_is_told_by_number_and_reason(data: bytes, line: int, said: str, size: int) -> None:
    bad = [item for item in read(data, size) if isinstance(item, BadLine)]
    assert bad[0].line == line
    assert said in bad[0].reason


def test_what_follows_a_bad_line_is_read() -> None:
    data = f"{A},a,b,c\n".encode() + b"\xff\n" + b"x" * 50_000 + f"\n{B}\n".encode()
    items = read(data, 100)
    assert [item.line for item in items] == [1, 2, 3, 4]
    assert items[-1] == Row(4, B, "", "")


def test_a_quote_that_a_line_that_is_no_text_breaks_off_is_told_where_it_opens() -> None:
    items = read(f'{A},"a\n'.encode() + b"\xff\n" + f"{B}\n".encode())
    assert [(type(item), item.line) for item in items] == [(BadLine, 1), (Row, 3)]


text = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), include_characters="\n\t"), max_size=40)
text = text.filter(lambda value: not set(value) & {"\ufffe", "\uffff", "\x85"})


@given(
    rows=st.lists(st.tuples(st.from_regex(r"\+[1-9][0-9]{6,12}", fullmatch=True), text, text), max_size=8),
    delimiter=st.sampled_from(",\t"),
    newline=st.sampled_from(["\n", "\r\n"]),
    size=st.integers(1, 50),
)
def test_what_a_spreadsheet_writes_is_read_back(
    rows: list[tuple[str, str, str]], delimiter: str, newline: str, size: int
) -> None:
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=delimiter, lineterminator=newline, quoting=csv.QUOTE_MINIMAL).writerows(rows)
    items = read(file.getvalue().encode(), size)
    assert [tuple(item)[1:] for item in items if isinstance(item, Row)] == rows
    assert len(items) == len(rows)


@given(data=st.binary(max_size=300), size=st.integers(1, 300))
def test_any_bytes_are_read_alike_however_they_come(data: bytes, size: int) -> None:
    assert read(data, size) == read(data)
