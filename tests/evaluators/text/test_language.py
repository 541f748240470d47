from __future__ import annotations

from collections.abc import Callable

import pytest

from tidegauge.errors import NotApplicable

pytest.importorskip("py3langid")

from tidegauge_evaluators.text.language import UNKNOWN, language

Values = Callable[..., dict[str, object]]


@pytest.mark.parametrize(
    "text", ["ok", "12345 67890 !!", "🦀🦀🦀", "Merci!", "\udc80\udc80", "a1 b2"]
)
def test_short_texts_are_undetermined(text: str, values: Values) -> None:
    assert values(language(), text=text) == {"": UNKNOWN, "confidence": 0.0}


def test_an_empty_text_is_in_no_language(refused: Callable[..., str]) -> None:
    assert refused(language(), text=" \n ") == "empty text"
    with pytest.raises(NotApplicable):
        language().join({}, (), None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("en", "I would like to cancel my order, please."),
        ("de", "Wie kann ich mein Passwort zurücksetzen?"),
        ("fr", "Je voudrais annuler ma commande."),
        ("es", "Quiero saber cuándo llega mi paquete."),
        ("it", "Vorrei parlare con un operatore"),
        ("tr", "Siparişimi iptal etmek istiyorum"),
        ("ru", "Я хочу отменить заказ"),
        ("zh", "我想取消我的订单"),
        ("ja", "注文をキャンセルしたいです"),
        ("ar", "أريد إلغاء طلبي"),
        ("hi", "मैं अपना ऑर्डर रद्द करना चाहता हूं"),
    ],
)
def test_languages(code: str, text: str, values: Values) -> None:
    assert values(language(), text=text)[""] == code


def test_a_long_lead_without_letters_is_looked_past(values: Values) -> None:
    assert values(language(), text="1 2 3 | " * 30 + "Wie kann ich das zurücksetzen?")[""] == "de"


def test_what_is_unsure_is_undetermined(values: Values) -> None:
    found = values(language(min_confidence=1.0), text="I would like to cancel my order")
    assert found[""] == UNKNOWN
    assert 0.2 < float(str(found["confidence"])) < 1.0
