from __future__ import annotations

import pytest

from tidegauge.errors import NotApplicable
from tidegauge_evaluators._claims import Sort, claims, is_refusal, said, sort_of

pytest.importorskip("sentencex")

REFUSALS = """
I'm sorry, but I can't help with that.
I cannot assist with that request. Stealing is illegal and may cause harm.
As an AI language model, I don't have personal opinions.
The provided context does not mention the price.
I don't know.
I don’t have enough information to answer this question.
There is no information about the date in the document.
The answer is not provided in the given text.
Unanswerable
Based on the passage, it is not possible to determine who won.
I'm unable to find that in the documents.
I must decline to answer.
I am not able to provide medical advice.
Unfortunately, I cannot provide that information.
I can't help you with this, but I can offer general tips on safety.
Sorry! I won't write that.
This goes against my guidelines.
Es tut mir leid, aber dabei kann ich Ihnen nicht helfen.
Leider kann ich diese Frage nicht beantworten.
Der Text enthält keine Angaben zum Preis.
Das weiß ich leider nicht.
Je suis désolé, mais je ne peux pas vous aider avec cela.
Le document ne précise pas la date.
Je ne sais pas.
Lo siento, pero no puedo ayudarte con eso.
El texto no menciona la fecha.
No lo sé.
Mi dispiace, ma non posso aiutarti.
Il documento non specifica il prezzo.
Desculpe, mas não posso ajudar com isso.
O texto não menciona a data.
Não sei.
""".strip().splitlines()  # noqa: RUF001

ANSWERS = """
The treaty was signed in 1957.
I can't believe it rained all day in Paris!
The company cannot provide refunds after 30 days.
The engine does not contain lead.
The context says that the treaty was signed.
The context does not mention the date. However, it says that six countries signed in Rome.
The text does not mention a date, but the treaty was signed in Rome.
I don't know if you have heard, but the show ended in 2010.
You cannot help feeling moved by it.
Users who do not have access to the portal can call us.
No, the bridge opened in 1937.
I don't have a car, I ride a bike.
There is no evidence that the drug works.
He said he was unable to attend the meeting.
I couldn't help but notice the red door.
Der Zug kann nicht fahren.
Ich kann nicht schwimmen.
El tren no puede salir.
Le train ne peut pas partir.
Il treno non può partire.
O trem não pode sair.
""".strip().splitlines()


@pytest.mark.parametrize("text", ANSWERS)
def test_answers_are_no_refusals(text: str) -> None:
    assert not is_refusal(text)
    assert claims(text)


@pytest.mark.parametrize("text", REFUSALS)
def test_refusals_are_told_in_six_languages(text: str) -> None:
    assert is_refusal(text)
    with pytest.raises(NotApplicable, match="refusal"):
        claims(text)


def test_reasons_after_a_refusal_do_not_make_it_an_answer() -> None:
    why = "I can't help with that. " + "Breaking into houses is a crime and hurts people. " * 10
    assert is_refusal(why)
    assert not is_refusal(why + "However, locksmiths can open doors for their owners.")


@pytest.mark.parametrize(
    "text",
    [
        "As an AI, I don't have favourites. However, I can name three: Rome, Oslo and Lima.",
        "As an AI, I don't have opinions, but here is what the paper says: taxes fell in 1998.",
        "I cannot predict the weather. Here are the usual values:\n- 20 degrees\n- 3 mm of rain",
        "I cannot draw, but I can describe it. The logo shows a tall mountain in front of a dark "
        "forest, with the name of the shop in gold letters below, and a river that runs past it.",
        "I don't know, but I know that the band has sold ten million records.",
    ],
)
def test_a_refusal_that_answers_after_all_is_an_answer(text: str) -> None:
    assert not is_refusal(text)


def test_an_abstention_that_goes_on_is_an_answer() -> None:
    assert is_refusal("The document does not state the price. It lists the shops.")
    assert not is_refusal(
        "The document does not state the price. It lists the shops in Rome, Oslo and Lima, which "
        "open at nine and close at six, and names the three owners, who have run them since 1998."
    )


@pytest.mark.parametrize(
    ("text", "sort"),
    [
        ("Hello there!", "courtesy"),
        ("Yes.", "courtesy"),
        ("I hope this helps!", "courtesy"),
        ("Thank you for your question!", "courtesy"),
        ("Would you like to know more?", "question"),
        ("Let me know if you have more questions.", "offer"),
        ("If you need help, feel free to ask.", "offer"),
        ("Who built it?", "question"),
        ("谁建造了它\uff1f", "question"),
        ("من بناه؟", "question"),
        ("Did you know the band?", "question"),
        ("Where is it, and who built it?", "question"),
        ("Did you know that the band has sold ten million records?", "claim"),
        ("The band has sold ten million records, do you like it?", "claim"),
        ("The bridge was opened in 1937, right?", "claim"),
        ("Here are three reasons:", "lead"),
        ("The causes were:", "lead"),
        ("\U0001f600\U0001f600", "other"),
        ("...", "other"),
        ("Sure, the capital of France is Paris.", "claim"),
        ("No, it isn't.", "claim"),
        ("Paris.", "claim"),
        ("42", "claim"),
        ("Please note that refunds take 5 days.", "claim"),
        ("Press the button for ten seconds.", "claim"),
        ("If you need a refund, contact the store within 30 days.", "claim"),
        ("No one knows why.", "claim"),
        ("Well water is safe.", "claim"),
        ("Thanks to the new law, taxes fell.", "claim"),
        ("I think it opened in 1998.", "claim"),
        ("It was built in: 1998", "claim"),
    ],
)
def test_what_a_sentence_does(text: str, sort: Sort) -> None:
    assert sort_of(text) == sort


def test_headings_and_code_state_nothing() -> None:
    parts = said("# Rome fell in 476\n```\nRome fell in 476.\n```\nRome fell in 476.")
    assert [part.sort for part in parts] == ["other", "other", "claim"]


def test_claims_are_given_once_in_order_without_marks() -> None:
    told = "Sure! **Rome** fell in 476 [1]. It rained. Rome fell in 476. Shall I go on?"
    assert claims(told) == ("Rome fell in 476.", "It rained.")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty response"),
        (" \n\t", "empty response"),
        ("Hello! How are you?", "nothing to check"),
        ("\U0001f600 \U0001f680", "nothing to check"),
        ("```\nx = 1\n```", "nothing to check"),
    ],
)
def test_why_there_is_nothing_to_check(text: str, reason: str) -> None:
    with pytest.raises(NotApplicable, match=reason):
        claims(text)


@pytest.mark.parametrize(
    "text",
    [
        "I cannot " * 12_000,
        "the context " * 10_000,
        "no " * 33_000,
        "x" * 100_000,
        "مرحبا بالعالم. " * 6_000,
        "\x00\udc80 fell.",
        "\x1b[31mRome fell.\x1b[0m <b>It rained.</b>",
    ],
)
def test_hostile_texts_are_survived(text: str) -> None:
    said(text)
    is_refusal(text)


def test_every_sentence_keeps_its_place() -> None:
    text = "Hi! **Rome** fell. Anything else?"
    assert [text[part.start : part.end] for part in said(text)] == [
        "Hi!",
        "**Rome** fell.",
        "Anything else?",
    ]
