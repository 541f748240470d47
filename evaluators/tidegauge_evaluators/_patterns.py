"""Personal data by pattern, each confirmed by the check digits or rules of its kind."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import Any

from tidegauge_evaluators._plain import missing

KINDS = ("email", "ip", "iban", "card", "ssn", "phone")
"""In the order they are looked for: what one kind has claimed is no candidate for the next."""

_EMAIL = re.compile(
    r"(?<![\w.%+-])[\w.%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9-])"
)
_IP = re.compile(
    r"(?<![\w.:])(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?!\w|\.[0-9])"
    r"|[0-9A-Fa-f]{1,4}(?::{1,2}[0-9A-Fa-f]{1,4}){3,7}(?![\w:]))"
)
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,30}(?![a-z])")
_CARD = re.compile(r"(?<![\w.,-])[2-6](?:[ -]?[0-9]){12,18}(?![\w-]|[.,][0-9])")
_SSN = re.compile(
    r"(?<![\w-])(?!000|666|9)[0-9]{3}([- ])(?!00)[0-9]{2}\1(?!0000)[0-9]{4}(?![\w-]|\.[0-9])"
)
_PHONE = re.compile(
    r"(?<![\w.,:/=-])(?!(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2})"
    r"[+(]{0,2}[0-9](?:[ ()./-]{0,3}[0-9]){6,16}(?![\w/=:-]|[.,][0-9])"
)
_DIGITS = re.compile(r"[0-9](?:[^A-Za-z]{0,3}[0-9]){3}")
_CLAIMED = "\ufffc"

_IBAN_LENGTHS = {
    code: int(length)
    for length, codes in {
        "15": "NO", "16": "BE", "18": "DK FI FO GL NL", "19": "MK SI",
        "20": "AT BA EE KZ LT LU XK", "21": "CH HR LI LV",
        "22": "BG BH CR DE GB GE IE ME RS VA", "23": "AE GI IL IQ TL",
        "24": "AD CZ ES MD PK RO SA SE SK TN VG", "25": "LY PT ST", "26": "IS TR",
        "27": "FR GR IT MC MR SM", "28": "AL AZ BY CY DO GT HU LB PL SV",
        "29": "BR EG PS QA UA", "30": "JO KW MU", "31": "MT SC", "32": "LC",
    }.items()
    for code in codes.split()
}  # fmt: skip
"""ISO 13616: country -> characters."""
_ISSUERS = re.compile(
    r"4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})|5[1-5][0-9]{14}|3[47][0-9]{13}|3(?:0[0-5]|[68])[0-9]{11,13}"
    r"|2(?:22[1-9]|2[3-9][0-9]|[3-6][0-9]{2}|7[01][0-9]|720)[0-9]{12}"
    r"|6(?:011|5[0-9]{2}|4[4-9][0-9])[0-9]{12}|35[0-9]{14}|62[0-9]{14,17}"
)
"""ISO 7812: prefixes and lengths in use."""


def findings(text: str, kinds: tuple[str, ...], region: str) -> dict[str, int]:
    """Count findings of each kind.

    Parameters
    ----------
    text
        Any text.
    kinds
        Which of ``KINDS`` to look for.
    region
        Country whose numbers may be written without a country code; empty = none.

    Raises
    ------
    MissingExtraError
        When phone numbers are asked for and phonenumbers is not installed.

    Examples
    --------
    >>> findings("ann@example.org, DE89 3704 0044 0532 0130 00", ("email", "iban"), "")
    {'email': 1, 'iban': 1}
    """
    found = dict.fromkeys(kinds, 0)
    if "email" in found and "@" in text:
        found["email"], text = _claimed(text, _EMAIL, _always)
    if "ip" in found and (":" in text or "." in text):
        found["ip"], text = _claimed(text, _IP, is_public_address)
    if not _DIGITS.search(text):
        return found
    if "iban" in found:
        found["iban"], text = _claimed(text, _IBAN, holds_iban)
    if "card" in found:
        found["card"], text = _claimed(text, _CARD, is_card)
    if "ssn" in found:
        found["ssn"], text = _claimed(text, _SSN, _always)
    if "phone" in found:
        found["phone"], _ = _claimed(text, _PHONE, phone_check(region))
    return found


def _claimed(text: str, pattern: re.Pattern[str], holds: Callable[[str], bool]) -> tuple[int, str]:
    """Count matches that hold, and take them out of the text."""
    count = 0

    def judged(match: re.Match[str]) -> str:
        nonlocal count
        if not holds(match[0]):
            return match[0]
        count += 1
        return _CLAIMED

    rest = pattern.sub(judged, text)
    return count, rest


def _always(_: str) -> bool:
    return True


def is_public_address(written: str) -> bool:
    """Whether an IP address may name somebody: not private, not reserved, not for examples.

    Examples
    --------
    >>> [is_public_address(one) for one in ("8.8.8.8", "10.0.0.1", "203.0.113.7", "999.1.1.1")]
    [True, False, False, False]
    """
    try:
        return ipaddress.ip_address(written).is_global
    except ValueError:
        return False


def holds_iban(written: str) -> bool:
    """Whether an account number begins here: right length for its country, remainder 1 of 97.

    Examples
    --------
    >>> holds_iban("GB82 WEST 1234 5698 7654 32"), holds_iban("GB82 WEST 1234 5698 7654 33")
    (True, False)
    """
    plain = written.replace(" ", "")
    length = _IBAN_LENGTHS.get(plain[:2], 0)
    if not length or len(plain) < length:
        return False
    turned = plain[4:length] + plain[:4]
    return int("".join(str(int(char, 36)) for char in turned)) % 97 == 1


def is_card(written: str) -> bool:
    """Whether a number is one of a payment card: an issuer's prefix and length, Luhn's digit.

    Examples
    --------
    >>> is_card("4111 1111 1111 1111"), is_card("4111 1111 1111 1112")
    (True, False)
    """
    digits = re.sub("[^0-9]", "", written)
    return bool(_ISSUERS.fullmatch(digits)) and luhn(digits)


def luhn(digits: str) -> bool:
    """Whether the last digit is Luhn's check digit of the others.

    Examples
    --------
    >>> luhn("79927398713"), luhn("79927398710")
    (True, False)
    """
    numbers = [int(digit) for digit in reversed(digits)]
    doubled = (2 * number - 9 * (number > 4) for number in numbers[1::2])
    return (sum(numbers[::2]) + sum(doubled)) % 10 == 0


def phone_check(region: str) -> Callable[[str], bool]:
    """Make the test for phone numbers.

    A number with a country code must be valid there. One without must be valid in the region
    and be written in groups, or any number of as many digits would pass.
    """
    try:
        import phonenumbers
    except ImportError:
        raise missing("text.pii", "phonenumberslite") from None
    failed: type[Exception] = phonenumbers.NumberParseException

    def is_phone(written: str) -> bool:
        abroad = written.lstrip("(").startswith("+")
        if not abroad and (not region or written.isdigit()):
            return False
        try:
            number: Any = phonenumbers.parse(written, None if abroad else region)
        except failed:
            return False
        return bool(phonenumbers.is_valid_number(number))

    return is_phone
