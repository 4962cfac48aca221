"""A number as it is kept in the ledger: written so that it means the same without the country of its account."""

from __future__ import annotations

from mirabelle.calls import number
from mirabelle.calls.number import BadAni, PhoneNumber


def dialable(text: str, *, country: str, bad_ani: BadAni) -> tuple[str, PhoneNumber]:
    """Check a number.

    Args:
        text: as it was given, without blanks around it.
        country: whose national numbers are understood; empty: none are.
        bad_ani: what becomes of an `;ani=` that is not ten digits.

    Returns:
        The number to keep, which is `text` unless it needs the country to be understood; and what it means.

    Raises:
        NumberError: nobody can dial it.
    """
    if not country or text.startswith("+"):
        return text, number.parse(text, bad_ani=bad_ani)
    found = number.parse(text, country=country, bad_ani=bad_ani)
    try:
        same = number.parse(text, bad_ani=bad_ani) == found
    except number.NumberError:
        same = False
    return text if same else found.uri().removeprefix("tel:"), found
