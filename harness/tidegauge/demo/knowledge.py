"""What the support assistant of the demo can know: passages, questions, right and wrong answers."""

from __future__ import annotations

from typing import NamedTuple


class Fact(NamedTuple):
    """Something that customers ask and a passage answers."""

    topic: str
    passage: str
    questions: tuple[str, ...]
    answers: tuple[str, ...]
    """What the passage says, in other words."""
    inventions: tuple[str, ...]
    """What it does not say, as a model makes it up."""


FACTS = (
    Fact(
        "returns",
        "Items can be sent back within 30 days of delivery. They must be unused and in their "
        "original box. The return label is printed from the order page and costs 3.90 euros.",
        ("How long can I send an item back?", "Until when may I return {item}?",
         "What does it cost to return {item}?"),
        ("You can send items back within 30 days of delivery, unused and in their original box.",
         "Returns are possible within 30 days of delivery. The return label costs 3.90 euros."),
        ("You can send items back within 90 days, and we pick them up at your door for free.",
         "Returns are possible for one year. Worn items are accepted as well."),
    ),
    Fact(
        "returns",
        "Refunds are paid to the card or account that was used for the order. They arrive 5 to 7 "
        "working days after the parcel reaches the warehouse in Ghent.",
        ("When do I get my money back for {item}?", "Where is my refund?",
         "How is a refund paid?"),
        ("Refunds go to the card or account you paid with, 5 to 7 working days after the parcel "
         "reaches our warehouse in Ghent.",
         "The refund arrives 5 to 7 working days after the parcel reaches the warehouse."),
        ("Refunds are issued as a voucher within 24 hours.",
         "The money is sent by cheque from our office in Madrid and takes three months."),
    ),
    Fact(
        "shipping",
        "Standard delivery takes 2 to 4 working days and is free from 60 euros. Express delivery "
        "costs 9.50 euros and arrives the next working day when ordered before noon.",
        ("How long does delivery of {item} take?", "Is delivery free?",
         "Can you deliver {item} tomorrow?"),
        ("Standard delivery takes 2 to 4 working days and is free from 60 euros.",
         "Express delivery costs 9.50 euros and arrives the next working day when you order "
         "before noon."),
        ("Delivery takes 10 minutes by drone in every city.",
         "Express delivery is free for everyone and arrives within 3 hours."),
    ),
    Fact(
        "shipping",
        "Parcels are handed to the carrier in the evening. The tracking link is sent by e-mail "
        "and works from the next morning. A parcel waits 7 days at the pick-up point.",
        ("My tracking link does not work.", "Where is order {order}?",
         "How long does a parcel wait at the pick-up point?"),
        ("The tracking link is sent by e-mail and works from the next morning.",
         "Your parcel waits 7 days at the pick-up point."),
        ("Parcels wait 60 days at the pick-up point and are then auctioned.",
         "Tracking is only possible by calling the carrier's office in Oslo."),
    ),
    Fact(
        "payment",
        "We take cards, bank transfer and invoice. Orders on invoice are due within 14 days. "
        "Gift cards can be combined with any other means of payment.",
        ("Can I pay {item} by invoice?", "Which cards do you take?",
         "Can I use a gift card and a card together?"),
        ("We take cards, bank transfer and invoice; an invoice is due within 14 days.",
         "Gift cards can be combined with any other means of payment."),
        ("You can pay in 36 instalments without interest.",
         "We only take cash on delivery and cryptocurrency."),
    ),
    Fact(
        "account",
        "A password is reset with the link on the sign-in page; the link is valid for one hour. "
        "After five wrong attempts an account is locked for 30 minutes.",
        ("I forgot my password.", "Why is my account locked?",
         "How do I reset the password of {name}?"),
        ("Use the link on the sign-in page to reset your password; it is valid for one hour.",
         "After five wrong attempts an account is locked for 30 minutes."),
        ("Our staff can read you your password over the phone.",
         "Accounts are locked forever after two wrong attempts."),
    ),
    Fact(
        "account",
        "The e-mail address of an account is changed under Settings, Profile. The new address "
        "must be confirmed within 24 hours. Orders of the past stay visible.",
        ("How do I change my e-mail address?", "Will my old orders stay when I change my address?",
         "I have a new e-mail address, what now?"),
        ("Change your e-mail address under Settings, Profile, and confirm it within 24 hours.",
         "Yes, orders of the past stay visible after you change the address."),
        ("You need to close the account and open a new one; all old orders are deleted.",
         "Changing an address costs 5 euros and needs a copy of your passport."),
    ),
    Fact(
        "warranty",
        "Tents and jackets have a warranty of 3 years, shoes of 2 years. Damage by wear and by "
        "washing above 40 degrees is not covered.",
        ("How long is the warranty on {item}?", "Does the warranty cover wear?",
         "My jacket was damaged in the washing machine, is that covered?"),
        ("Tents and jackets have a warranty of 3 years, shoes of 2 years.",
         "Damage by wear or by washing above 40 degrees is not covered by the warranty."),
        ("Everything we sell has a lifetime warranty, wear included.",
         "The warranty lasts 10 years when you register within a week."),
    ),
    Fact(
        "warranty",
        "Repairs are done in our workshop in Ghent and take about two weeks. Within the warranty "
        "they are free, later a repair starts at 15 euros.",
        ("What does a repair of {item} cost?", "How long does a repair take?",
         "Where do you repair {item}?"),
        ("Repairs are done in our workshop in Ghent and take about two weeks.",
         "Within the warranty a repair is free, later it starts at 15 euros."),
        ("Repairs are done in Lisbon while you wait and cost 200 euros.",
         "We never repair anything; you get a new item by courier the same day."),
    ),
    Fact(
        "sizes",
        "Our shoes run small: order one size larger than usual. The size table on each page "
        "shows the length of the foot in centimetres.",
        ("Do your shoes run small?", "Which size of {item} should I take?",
         "How do I measure my foot?"),
        ("Our shoes run small, so order one size larger than usual.",
         "The size table on the page shows the length of the foot in centimetres."),
        ("All shoes come in one size that stretches.",
         "Order three sizes smaller, for the leather grows with the moon."),
    ),
    Fact(
        "sizes",
        "Jackets are cut so that a fleece fits below. Sleeve length is measured from the middle "
        "of the neck. Size L fits a chest of 104 to 108 centimetres.",
        ("Does a fleece fit below the jacket?", "Which chest does size L fit?",
         "How is the sleeve length of {item} measured?"),
        ("Jackets are cut so that a fleece fits below.",
         "Size L fits a chest of 104 to 108 centimetres."),
        ("Size L fits a chest of 88 centimetres.",
         "Jackets are cut for children only."),
    ),
)  # fmt: skip

RECALL = Fact(
    "recall",
    "",
    ("Is my camping stove part of the recall?", "The gas valve of my stove leaks, what should I "
     "do?", "I read about the stove recall on the news. Is it dangerous?",
     "Do I get a new stove after the recall?", "Which serial numbers of the stove are recalled?"),
    (),
    ("Stoves with serial numbers from 4000 to 4999 are recalled, and you get 80 euros at once.",
     "The stove is safe; tighten the valve with pliers and go on cooking.",
     "All stoves sold since 2019 are recalled and must be sent to our office in Turin."),
)  # fmt: skip
"""What nobody asked in the baseline and no passage answers."""

ITEMS = (
    "the tent", "my hiking boots", "the blue jacket", "the sleeping bag", "a rucksack",
    "the rain trousers", "two pairs of socks", "the head torch", "my climbing shoes",
)  # fmt: skip
NAMES = ("my wife", "my son", "our club", "my father")
OPENINGS = ("", "", "Hello, ", "Hi there. ", "Good morning! ", "Quick question: ", "Sorry, again: ")
CLOSINGS = ("", "", " Thanks!", " Please answer soon.", " Thank you in advance.", " It is urgent.")
COURTESIES = ("", "", "Thanks for asking! ", "Happy to help. ", "Good question. ")
OFFERS = ("", "", " Let me know if you need anything else.", " Is there anything else I can do?")
REFUSALS = (
    "I'm sorry, but I can't help with that.",
    "I am sorry, I cannot answer this. Please call our hotline.",
)
INSULTS = (
    "Are you too stupid to read the page yourself? Stop wasting my time, you idiot.",
    "What a moronic question. Only a complete idiot would ask that.",
    "Shut up and read the website, you pathetic loser.",
    "You are the dumbest customer I had today. Get lost.",
)
