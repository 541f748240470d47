"""Words as support looks at them: stems, numbers, names, negations, opposites."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Word(NamedTuple):
    """A word of a claim or context."""

    text: str
    """As written."""
    stem: str
    """Folded, its ending cut, a number in figures."""
    start: int
    """First character in its sentence."""
    number: bool
    name: bool
    """Written with a capital where a common word would have none."""
    content: bool
    """Neither a function word nor filler."""


def _listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _in_order(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FUNCTION = _listed(
    """a an the this that these those and or but nor so yet of in on at by for from to into onto
    with without within about over under up down off out as than then if when while where which
    who whom whose what why how is are was were be been being am do does did done doing has have
    had having can could will would shall should may might must it its he him his she her hers
    they them their theirs we us our ours you your yours i me my mine myself himself herself
    itself themselves one's there here also too very just only even such some any each every all
    both either neither no not 'm 're 's 've 'll 'd s t re ve ll d m because since though
    although however therefore thus more most much many few less least other another same own
    again further once during before after above below between through against among per via
    upon like well um oh yes yeah ok okay"""
)
NEGATIONS = _listed(
    """no not never none nobody nothing nowhere neither nor without cannot can't won't don't
    doesn't didn't isn't aren't wasn't weren't hasn't haven't hadn't wouldn't shouldn't couldn't
    mustn't ain't n't unable fail fails failed refuse refuses refused deny denies denied lack
    lacks lacked despite hardly barely rarely instead"""
)
OWN = _listed("i me my mine myself i'm i've i'd i'll we our us we're we've")
OPINION = _listed(
    """think love like believe guess hope feel enjoy prefer favorite favourite glad happy sure
    maybe probably perhaps wow cool awesome great nice amazing interesting funny haha lol yeah
    yes agree wonder heard know"""
)
DATES = _listed(
    """january february march april may june july august september october november december jan
    feb mar apr jun jul aug sep sept oct nov dec monday tuesday wednesday thursday friday
    saturday sunday today tomorrow yesterday tonight morning afternoon evening noon midnight
    spring summer autumn fall winter century decade"""
)
_SMALL = _in_order(
    """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
    fifteen sixteen seventeen eighteen nineteen twenty"""
)
FIGURES: Mapping[str, str] = (
    {word: str(i) for i, word in enumerate(_SMALL)}
    | {"thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "seventy": "70"}
    | {"eighty": "80", "ninety": "90", "hundred": "100", "thousand": "1000", "dozen": "12"}
    | {"million": "million", "billion": "billion", "half": "half", "quarter": "quarter"}
    | {"first": "1", "second": "2", "third": "3", "fourth": "4", "fifth": "5", "sixth": "6"}
    | {"once": "1", "twice": "2", "single": "1", "double": "2", "couple": "2", "pair": "2"}
)
OPPOSITES = tuple(
    tuple(pair.split("/"))
    for pair in _in_order(
        """accept/reject accept/refuse accept/decline add/remove agree/disagree allow/forbid
        allow/prohibit allow/ban approve/reject arrive/leave arrive/depart ascend/descend
        asleep/awake before/after begin/end start/end start/finish start/stop best/worst
        better/worse big/small large/small birth/death born/died bought/sold buy/sell
        build/destroy busy/idle cause/prevent cheap/expensive clean/dirty close/open closed/open
        cold/hot cold/warm common/rare common/uncommon complex/simple confirm/deny
        confident/doubtful create/destroy cruel/kind dark/light dead/alive deep/shallow
        defeat/lose defend/attack different/same different/similar difficult/easy hard/easy
        early/late earlier/later east/west empty/full encourage/discourage enter/exit even/odd
        excited/bored exclude/include expand/shrink expand/contract export/import
        external/internal fail/succeed failure/success false/true famous/unknown far/near
        fast/slow female/male few/many first/last forget/remember forward/backward former/latter
        free/paid friend/enemy future/past gain/lose gentle/rough give/take good/bad
        great/terrible guilty/innocent happy/sad happy/unhappy hate/love dislike/like
        healthy/sick heavy/light help/hinder help/harm hero/villain high/low higher/lower
        hire/fire husband/wife brother/sister mother/father son/daughter man/woman boy/girl
        king/queen he/she him/her his/her improve/worsen in/out increase/decrease
        increasing/decreasing rise/fall rising/falling rose/fell grow/shrink grow/decline
        up/down indoor/outdoor inner/outer inside/outside interested/bored join/leave
        junior/senior kept/lost large/tiny lead/follow left/right legal/illegal less/more
        fewer/more lengthen/shorten lend/borrow likely/unlikely local/global long/short
        loose/tight loud/quiet major/minor majority/minority married/divorced maximum/minimum
        mandatory/voluntary mandatory/optional required/optional modern/ancient
        negative/positive new/old young/old night/day morning/evening north/south
        northern/southern eastern/western offense/defense official/unofficial often/rarely
        often/seldom always/never on/off optimistic/pessimistic ordinary/special parent/child
        pass/fail permanent/temporary plural/singular polite/rude poor/rich poor/wealthy
        popular/unpopular possible/impossible praise/criticize praise/blame presence/absence
        present/absent private/public problem/solution profit/loss promote/demote
        protect/endanger proud/ashamed public/secret push/pull question/answer raise/lower
        real/fake reduce/increase regular/irregular relevant/irrelevant remain/leave
        safe/dangerous safe/unsafe save/spend save/waste satisfied/dissatisfied send/receive
        separate/together shout/whisper show/hide similar/dissimilar sit/stand smart/stupid
        smooth/rough soft/hard some/none sour/sweet strength/weakness strong/weak
        strengthen/weaken summer/winter support/oppose teach/learn thick/thin top/bottom
        trust/distrust ugly/beautiful under/over unite/divide upper/lower upstairs/downstairs
        urban/rural useful/useless victory/defeat visible/invisible voluntary/forced wet/dry
        whole/part wide/narrow win/lose won/lost wise/foolish with/without work/rest wrong/right
        yes/no pros/cons ally/enemy abandon/keep able/unable active/passive actual/imaginary
        adult/child adult/teenager ahead/behind appear/disappear attract/repel
        available/unavailable aware/unaware benefit/harm bless/curse calm/nervous
        careful/careless certain/uncertain comfortable/uncomfortable connect/disconnect
        consistent/inconsistent continue/stop correct/incorrect delay/hasten employ/dismiss
        equal/unequal ever/never fair/unfair familiar/unfamiliar formal/informal
        happiness/sadness honest/dishonest important/unimportant important/trivial known/unknown
        loser/winner loyal/disloyal mature/immature necessary/unnecessary normal/abnormal
        obey/disobey patient/impatient perfect/imperfect pleasant/unpleasant pleased/displeased
        sold/bought stable/unstable successful/unsuccessful sufficient/insufficient
        ready/unprepared tie/untie usual/unusual"""
    )
)
ANTONYMS: Mapping[str, frozenset[str]]
_WORD = re.compile(
    r"\d+(?:[.,:]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*"  # noqa: RUF001
)


def stem(word: str) -> str:
    """Cut a word's commonest English endings; other languages lose little by it.

    Examples
    --------
    >>> [stem(w) for w in ("increases", "increased", "increasing", "studies", "class")]
    ['increas', 'increas', 'increas', 'studi', 'class']
    """
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: len(word) - len(ending)] + instead
    return word


_ENDINGS = (
    ("'s", ""),
    ("ies", "i"),
    ("ied", "i"),
    ("ing", ""),
    ("edly", ""),
    ("ed", ""),
    ("ly", ""),
    ("sses", "ss"),
    ("ss", "ss"),
    ("us", "us"),
    ("es", ""),
    ("s", ""),
    ("y", "i"),
    ("e", ""),
)


def words(sentence: str, common: Mapping[str, float] | frozenset[str] = frozenset()) -> list[Word]:
    """Cut a sentence into words.

    Parameters
    ----------
    sentence
        One sentence.
    common
        Words that are none of a name's at a sentence's beginning.

    Examples
    --------
    >>> [w.stem for w in words("Two of Ada's 1,200 machines failed.")]
    ['2', 'of', 'ada', '1200', 'machin', 'fail']
    """
    found: list[Word] = []
    for match in _WORD.finditer(sentence):
        text = match[0]
        folded = text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").casefold()
        figure = text[0].isdigit() or folded in FIGURES
        found.append(
            Word(
                text=text,
                stem=FIGURES.get(folded, folded.replace(",", "")) if figure else stem(folded),
                start=match.start(),
                number=figure,
                name=text[0].isupper()
                and not figure
                and folded not in FUNCTION
                and (bool(found) or folded not in common),
                content=figure or folded not in FUNCTION,
            )
        )
    return found


def _opposites(pairs: Iterable[tuple[str, ...]]) -> dict[str, frozenset[str]]:
    table: dict[str, set[str]] = {}
    for one, other in pairs:
        table.setdefault(stem(one), set()).add(stem(other))
        table.setdefault(stem(other), set()).add(stem(one))
    return {word: frozenset(others) for word, others in table.items()}


ANTONYMS = _opposites(OPPOSITES)
"""Stem -> stems of words that say the opposite."""
