from __future__ import annotations

from collections.abc import Callable

import pytest

from tidegauge.errors import SuiteError

pytest.importorskip("phonenumbers")

from tidegauge_evaluators._patterns import KINDS
from tidegauge_evaluators.text.pii import pii

Values = Callable[..., dict[str, object]]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Version 2.10.0 came out on 2026-11-23 at 10:30:45.",
        "Order 4111111111111112 and order 2125551234 were shipped.",
        "Call foo@bar or @ann; ratio 3:4:5; 1-2-3.",
        "10.0.0.1, 127.0.0.1, 192.168.1.1 and 203.0.113.7 name nobody",
        "std::cout << a::b; ::1",
        "0.4111111111111111 of 1,234,567,890",
        "SSN 000-12-3456, 666-12-3456, 123-00-4567, 987-65-4321",
        "GB82 WEST 1234 5698 7654 33 and XX82 1234 1234 1234 1234",
        "https://example.org/4111-1111-1111-1112/x?id=+12125551234",
        "555-1234",
    ],
)
def test_what_only_looks_like_it_is_left(text: str, values: Values) -> None:
    found = values(pii(), text=text)
    assert found == {"": 0.0, "flagged": False, **dict.fromkeys(KINDS, 0.0)}


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("email", "write to ann.o'neil+x@mail.example.co.uk."),
        ("email", "<müller@example.org>"),
        ("phone", "call +41 44 668 18 00 now"),
        ("phone", "or (212) 736-5000."),
        ("phone", "1-800-342-3557"),
        ("card", "4111 1111 1111 1111"),
        ("card", "5500-0000-0000-0004,"),
        ("card", "amex 340000000000009"),
        ("iban", "DE89370400440532013000"),
        ("iban", "to GB82 WEST 1234 5698 7654 32 TODAY"),
        ("ip", "from 8.8.8.8:443"),
        ("ip", "2606:4700:4700:0:0:0:0:1111"),
        ("ssn", "123-45-6789"),
    ],
)
def test_each_kind_is_found_once(kind: str, text: str, values: Values) -> None:
    found = values(pii(), text=text)
    expected = {name: float(name == kind) for name in KINDS}
    assert found == {"": 1.0, "flagged": True, **expected}


def test_findings_add_up_and_are_named() -> None:
    text = "ann@example.org, bob@example.org, 4111 1111 1111 1111"
    joined = pii().join({"text": text}, (), None)  # type: ignore[arg-type]
    assert joined.values[0] == 3.0
    assert joined.because == "email, card"
    assert "ann" not in joined.because


def test_a_region_says_whose_numbers_may_lack_a_country_code(values: Values) -> None:
    text = "044 668 18 00"
    assert values(pii(region="CH"), text=text)["phone"] == 1.0
    assert values(pii(region="US"), text=text)["phone"] == 0.0
    assert values(pii(region=""), text="(212) 736-5000")["phone"] == 0.0


def test_kinds_can_be_chosen_and_unknown_ones_are_refused(values: Values) -> None:
    found = values(pii(kinds=["email"]), text="ann@example.org 8.8.8.8")
    assert found == {"": 1.0, "flagged": True, "email": 1.0}
    with pytest.raises(SuiteError, match="allowed kinds: email"):
        pii(kinds=["passport"])
