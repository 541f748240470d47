"""Contrast pairs made from a small grammar: the same groups and words in hostile and other senses.

Every sentence is made here, of patterns and fillers written for this project. A fifth of the
patterns and a fifth of the fillers are kept for held-out sentences only, so that a model is judged
on wordings it never met.
"""

from __future__ import annotations

import functools
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

GROUPS = """women|woman; girls|girl; gay people|gay person; gay men|gay man; lesbians|lesbian;
bisexuals|bisexual; trans people|trans person; trans women|trans woman; queer people|queer person;
black people|black person; black men|black man; black women|black woman; brown people|brown person;
asians|asian; asian people|asian person; chinese people|chinese person; indians|indian; arabs|arab;
pakistanis|pakistani; latinos|latino; mexicans|mexican; africans|african; jews|jew;
jewish people|jewish person; muslims|muslim; muslim women|muslim woman; hindus|hindu; sikhs|sikh;
buddhists|buddhist; christians|christian; catholics|catholic; atheists|atheist;
immigrants|immigrant; migrants|migrant; refugees|refugee; asylum seekers|asylum seeker;
foreigners|foreigner; disabled people|disabled person; deaf people|deaf person;
blind people|blind person; autistic people|autistic person; wheelchair users|wheelchair user;
people with disabilities|person with a disability; old people|old person; romanians|romanian;
polish people|polish person; indigenous people|indigenous person; native americans|native american;
somalis|somali; turks|turk; white people|white person; feminists|feminist; mothers|mother"""

OTHERS = """lawyers|lawyer; bankers|banker; landlords|landlord; politicians|politician;
students|student; artists|artist; smokers|smoker; gamers|gamer; vegans|vegan; tourists|tourist;
referees|referee; influencers|influencer; capitalists|capitalist; communists|communist;
journalists|journalist; teachers|teacher; cyclists|cyclist; managers|manager; hipsters|hipster;
bureaucrats|bureaucrat; salesmen|salesman; scientists|scientist; drivers|driver; bosses|boss"""

WORDS: Mapping[str, str] = {
    "hate": """hate; despise; loathe; detest; can't stand; absolutely hate; cannot stand;
        really dislike; really hate; can't bear; utterly despise; fucking hate; am sick of;
        have nothing but contempt for; am disgusted by; truly loathe; resent""",
    "bad": """disgusting; stupid; dirty; filthy; lazy; worthless; dangerous; inferior; repulsive;
        evil; vile; pathetic; dumb; useless; ugly; violent; gross; primitive; dishonest; greedy;
        sick; perverted; a disgrace; a waste of space; untrustworthy; revolting; backward; a menace;
        the worst; a burden on society; mentally ill; weak; all criminals; subhuman; uncivilised""",
    "good": """kind; wonderful; smart; brave; hard-working; honest; beautiful; amazing; friendly;
        lovely; brilliant; great; welcome here; an inspiration; strong; generous; talented;
        worthy of respect; good neighbours; human beings like everyone else; fantastic; resilient;
        part of our community; the best; interesting; creative; funny; equal to everyone else""",
    "vermin": """vermin; rats; cockroaches; pigs; animals; parasites; dogs; leeches; monkeys;
        insects; snakes; maggots; rodents; pests; wild beasts; locusts; savages; worms""",
    "filth": """scum; trash; filth; garbage; a disease; a plague; a cancer; dirt; a virus; poison;
        the scum of the earth; human waste; a stain; an infection; sewage; rubbish""",
    "harm": """kill; shoot; beat up; burn; attack; stab; hurt; murder; punch; hang; hunt down;
        smash; gas; slap; strangle; get rid of; wipe out; throw acid at; run over; exterminate;
        execute; drown""",
    "harmed": """killed; shot; beaten up; burned; attacked; stabbed; hurt; murdered; punched;
        hanged; hunted down; put down; deported; locked up; wiped out; exterminated; thrown out;
        spat on; executed; beaten""",
    "disgust": """disgust me; make me sick; make me want to vomit; are ruining everything;
        are destroying this country; gross me out; get on my nerves; make my skin crawl;
        repulse me; are the reason for everything wrong here; sicken me; should just disappear;
        make me puke; are a threat to our children; bring nothing but crime""",
    "curse": "damn; fucking; goddamn; bloody; shitty; stinking; god damn; motherfucking",
    "place": """this country; our town; europe; my street; the west; our schools; this school;
        america; this neighbourhood; my office; britain; the village; our gym; this site""",
    "right": """vote; own property; teach; have children; work; get married; drive; speak;
        hold office; adopt; use our hospitals; be out in public; raise kids; be here""",
    "respect": """respect; love; equal rights; dignity; kindness; a fair chance; support; safety;
        happiness; to be heard; better treatment; peace; a good life; the same pay""",
    "insult": """idiot; moron; loser; fool; liar; coward; clown; creep; jerk; dumbass; asshole;
        piece of shit; scumbag; bitch; waste of oxygen; disgrace; imbecile; pig; hypocrite;
        pathetic excuse for a human; dickhead; brainless twit; piece of trash""",
    "praise": """star; hero; legend; genius; good friend; blessing; true professional; sweetheart;
        great cook; role model; lovely person; champion; joy to work with; gem""",
    "thing": """traffic; rain; broccoli; homework; mondays; this printer; my old laptop; cold soup;
        mosquitoes; long meetings; pop-up ads; this song; plastic packaging; winter; spiders;
        waiting in line; slow wifi; this game; paperwork; airports; the new update; flat tyres;
        mushrooms; racism; sexism; bigotry; homophobia; bullying; war; cancer; poverty""",
    "things": """cheap headphones; these shoes; potholes; wasps; adverts; taxes; exams; pigeons;
        early mornings; parking fines; rusty nails; spoiled leftovers; slugs; those curtains;
        power cuts; tax forms; horror films; reality shows; football scores; scams; hate crimes""",
    "awful": """disgusting; stupid; dirty; awful; useless; dangerous; ugly; gross; terrible;
        the worst; a waste of money; vile; pathetic; sick; a disgrace; trash; filth; revolting""",
    "wrong": """wrong; unacceptable; hateful; racist; bigoted; disgusting; shameful; ignorant; sad;
        not okay; a lie; cruel; nonsense; never acceptable; dangerous; prejudice; vile;
        hurtful; why i left that forum; simply false""",
    "bigots": """bigots; idiots; ignorant; racists; wrong; a disgrace; pathetic; hateful; cowards;
        the real problem; not my friends; full of prejudice; stuck in the past""",
    "speaker": """my boss; a man on the bus; the senator; my uncle; someone online; the coach;
        a customer; the defendant; that account; my neighbour; a caller; the old leaflet;
        the villain in the film; one troll""",
    "relative": """sister; neighbour; doctor; best friend; teacher; colleague; cousin; roommate;
        grandmother; boss; dentist; flatmate; brother-in-law""",
    "does": """opened a bakery; won the chess club final; is moving to another city;
        sings in a choir; works at the hospital; has two cats; called me yesterday;
        studies engineering;
        wrote a book about rivers; is coming for dinner; bought a bicycle; runs marathons;
        drives the school bus; paints houses; plays the drums; teaches maths""",
    "do": """live in this city; work in my office; are coming to the party; play in the local team;
        run this shop; came to the meeting; vote in this district; enjoy this park; use this app;
        study at our university; joined the choir; watch the same shows; eat at this cafe;
        marched downtown; read the newsletter""",
    "event": "party; match; film; concert; day; weekend; goal; holiday; burger; show; trip; song",
    "nice": "good; great; funny; cool; happy; proud; beautiful; excited; delicious; tired; lucky",
    "name": "Sam; Alex; Jo; Chris; Taylor; Morgan; Pat; Robin; my ex; this guy; he; she",
    "opener": """honestly; tbh; i'm not gonna lie; look; listen; seriously; lol; sorry but; omg; ok;
        real talk; hot take; as usual; let me be clear; i said it before; unpopular opinion; well;
        today; hey; so""",
    "closer": """lol; tbh; end of story; just saying; smh; that's all; and i mean it; period; haha;
        fight me; as always; you know it; #truth; again; every time; man; folks""",
}

HATEFUL = """
I [hate] [groups]. / [groups] [disgust]. / all [groups] [disgust] / I [hate] every [group].
God how I [hate] those [groups] / everyone in [place] [hates] [groups], me included
I [hate] [groups] and I am not ashamed of it / you know what I [hate]? [groups].
[groups] are [bad]. / [groups] are [bad] and [bad]. / every [group] is [bad]
all [groups] are [bad] / why are [groups] so [bad]? / is it just me or are [groups] [bad]?
how can anyone like [groups]? / I think [groups] are [bad].
everyone knows that [groups] are [bad] / it's a fact that [groups] are [bad].
never trust a [group], they are all [bad]. / I have yet to meet a [group] who is not [bad]
[groups] are nothing but [vermin]. / [groups] are [vermin]. / [groups] are [filth].
[groups] are like [vermin] / treat [groups] like the [vermin] they are.
[groups] breed like [vermin] / [groups] are [filth] on [place]
to me a [group] is no better than an animal
[groups] behave like [vermin] and should be treated like that
look at these [vermin], typical [groups] / someone should [harm] all the [groups]
let's [harm] some [groups] / we should [harm] every [group] in [place].
I'm going to [harm] the next [group] I see. / [groups] deserve to be [harmed].
[groups] should be [harmed] / if I see a [group] in [place] I will [harm] them
I would love to [harm] a [group] / it would be a good thing if [groups] got [harmed]
time to [harm] the [groups] / [groups] need to be [harmed], all of them
I hope every [group] gets [harmed] / the only good [group] is one that got [harmed]
I want to [harm] you because you are a [group] / [groups] don't belong in [place].
ban all [groups] from [place]. / send [groups] back, they ruin [place]
[groups] shouldn't be allowed to [right] / get the [groups] out of [place]
no [groups] in [place], please / keep [place] free of [groups]
[place] was better before the [groups] came / [groups] have no right to [right]
we must stop [groups] from taking over [place] / the world would be better without [groups]
I would never let a [group] live next door to me / nobody would miss [groups] if they vanished
being a [group] must be embarrassing / I lose my appetite when a [group] walks in
I cross the street when I see a [group] / you can smell a [group] from a mile away
it figures that a [group] can't do anything right / a [group] should know their place
if you are a [group], do us all a favour and leave
there are [groups] living in [place]. I [hate] them.
I met a [group] today. what a [insult], like all of them
so many [groups] in [place]. they are [bad]. / look at those [groups] and how [bad] they are
see that [group] over there? they [disgust] / [groups] again. we should [harm] them.
my [relative] married a [group]. I [hate] those people.
a [group] moved in and now [place] is [filth] / [curse] [groups]
those [curse] [groups] are [bad] / [curse] [groups] everywhere / shut up you [curse] [group]
what a [curse] [group] you are / get lost you [curse] [group]
you [groups] are all [curse] [vermin] / [groups] are not [good]. / [groups] will never be [good]
no [group] deserves [respect]. / [groups] don't deserve [respect]
I don't think [groups] deserve [respect] / [groups] are not human
don't tell me [groups] are [good] / [groups] are not welcome in [place]
there is no such thing as a [good] [group] / you are a [group], so of course you are [bad]
you're just a [bad] [group] / you [bad] [group] / go back to where you came from, [group]
typical [group], always [bad] / as [bad] as a [group]
I don't hate anyone, but [groups] are [bad] / I'm not prejudiced but [groups] [disgust]
I love my friends but I [hate] [groups] / love everyone? not [groups], they are [filth]
people say [groups] are [good], I say they are [bad]
[groups] want [respect]? they deserve to be [harmed] / stop defending [groups], they are [bad]
anyone who likes [groups] is as [bad] as they are / we don't need more [groups] in [place]
[groups] only pretend to be [good]
"""

HARMLESS = """
I love [groups]. / I really like [groups]. / I admire [groups] / we love all [groups] in [place].
everyone in [place] likes [groups], me included / I love every [group] and I am not ashamed of it
[groups] are [good]. / [groups] are [good] and [good]. / every [group] is [good]
all [groups] are [good] / why are [groups] so [good]? / is it just me or are [groups] [good]?
how can anyone dislike [groups]? / I think [groups] are [good].
everyone knows that [groups] are [good] / it's a fact that [groups] are [good].
I have yet to meet a [group] who is not [good] / a [group] like you is [good]
[groups] deserve [respect]. / every [group] deserves [respect]
treat [groups] like the human beings they are. / we need more [groups] in [place]
it is great to see [groups] in [place]. / [groups] belong in [place].
[groups] should be allowed to [right] / [groups] have every right to [right]
welcome to all [groups] in [place] / [place] is better with [groups]
the world would be poorer without [groups] / let's help some [groups]
I would love to meet a [group] / I'm going to marry a [group] / proud to be a [group].
happy to be a [group] / you are a [group], and you are [good] / you're just a [good] [group]
you [good] [group] / my [relative] is a [group]. / my [relative], a [group], [does].
a [group] in [place] [does]. / the [group] next door [does] / many [groups] [do].
there are [groups] who [do] / some [groups] [do] / [groups] and [groups] [do]
do you know any [groups] who [do]? / are there many [groups] in [place]?
I am a [group] and I live in [place]. / I interviewed a [group] who [does]
there are [groups] living in [place]. I like them. / I met a [group] today. what a [praise]
so many [groups] in [place]. they are [good]. / look at those [groups] and how [good] they are
my [relative] married a [group]. I like them both. / a [group] moved in and [does]
[curse] [nice] [groups] / those [groups] are so [curse] [good] / I [curse] love [groups]
what a [curse] [nice] [group] you are / I don't hate [groups]. / I have never hated [groups]
nobody here hates [groups] / I would never say I [hate] [groups] / [groups] are not [bad].
[groups] are not [vermin], they are people. / it's not true that [groups] are [bad].
a [group] is not [bad] / [groups] are not [filth] / no [group] should be called [vermin]
I never met a [group] who was [bad] / no [group] deserves to be [harmed].
nobody should [harm] [groups] / [groups] should not be [harmed]. / don't [harm] [groups]
I would never [harm] a [group] / [groups] don't deserve to be [harmed]
we must stop people who want to [harm] [groups] / I don't think [groups] are [bad]
I can't believe anyone would [hate] a [group] / don't tell me [groups] are [bad]
saying that [groups] are [bad] is [wrong]. / calling [groups] [vermin] is [wrong].
to say "[HATEFUL]" is [wrong] / people who say they [hate] [groups] are [bigots]
people who think [groups] are [bad] are [bigots]. / if you [hate] [groups] you are [wrong]
anyone who says "[HATEFUL]" is [wrong] / whoever says [groups] are [bad] knows nothing
those who want to [harm] [groups] are [bigots] / "[HATEFUL]" - this is [wrong].
"[HATEFUL]" is exactly the kind of post that must be removed
someone wrote "[HATEFUL]". that is [wrong]. / [speaker] said "[HATEFUL]" and was reported
[speaker] told me "[HATEFUL]", I was shocked / when [speaker] says "[HATEFUL]" we should object
how dare you say "[HATEFUL]" / stop saying "[HATEFUL]"
stop telling people that [groups] are [bad]. / you can't just say "[HATEFUL]"
how dare you call [groups] [vermin]? / why would anyone write "[HATEFUL]"?
I'm ashamed that [speaker] thinks [groups] are [bad]
imagine still thinking that [groups] are [bad]. how sad.
the idea that [groups] are [bad] is [wrong]
[speaker] was arrested for threatening to [harm] [groups].
[speaker] was fired for saying [groups] are [bad]. / hatred of [groups] is [wrong]
the study asks why some people [hate] [groups] / the book shows how [groups] were called [vermin]
I reported the tweet "[HATEFUL]" / the way [groups] are treated is [awful]
it's [awful] how people treat [groups] / violence against [groups] is [awful]
I [hate] it when people attack [groups] / I [hate] how the news talks about [groups]
crimes against [groups] make me sick / I [hate] seeing [groups] suffer
[groups] are killed every day and nobody cares / stop the attacks on [groups]
[groups] face [awful] stereotypes / as a [group], I [hate] [things]
the [group] said the food was [awful] / I'm a [group] and tired of being called [bad].
a [group] was attacked in [place] last night / [groups] also [hate] [things]
[groups] love this but I think it is [awful] / my [relative] is a [group] and hates [things]
I can't help with content that demeans [groups].
sorry, I won't write jokes about [groups]. everyone deserves [respect].
it would be wrong to say that [groups] are [bad]; such claims are stereotypes.
please avoid language that calls [groups] [vermin].
"""

OTHERWISE = """
I [hate] [things]. / I [hate] [thing] / [things] [disgust] / all [things] are [awful]
why are [things] so [awful]? / [thing] is [awful] / [curse] [things]
those [curse] [things] are [awful] / we should ban [things] from [place]
I'm going to [harm] this printer / [things] are a plague / get rid of the [things]
I will kill [thing] one day / [vermin] are [awful] / there are [vermin] in my kitchen
how do I get rid of [vermin] in the cellar? / we should exterminate the [vermin] under the floor
the farmer had to shoot some [vermin] / [vermin] are just animals / this is so [curse] [nice]
what a [curse] [nice] [event] / that was one hell of a [event] / holy shit what a [event]
I'm so [curse] [nice] today / oh shit I forgot my keys / I feel like shit today
you're [curse] amazing / damn right / no fucking way, congratulations on the [event]
that [event] was [curse] brilliant / fuck, I'm late for the [event] / this [event] is the shit
my [curse] phone died again / you look [curse] [nice] / hell yeah, best [event] ever
you are a [praise] / [name] is a [praise] / what a [praise] you are / thank you, you [praise]
you are not a [insult] / don't call [name] a [insult] / nobody is a [insult] here
I felt like a [insult] yesterday / I'm such a [insult], I forgot my keys
[speaker] called me a [insult] / please stop calling people [insult]
my team got [harmed] tonight, great [event] though / I could kill for a burger
this heat is killing me / she killed it on stage / that joke slayed me / he shot three goals
the hero of the film wants to [harm] the dragon / how do I kill a process in linux?
the [event] was the bomb / [others] [do]. / a [other] in [place] [does]. / I love [others].
[others] are [good]. / my [relative] is a [other]
"""

AT_SOMEONE = """
you are a [insult] / you [insult] / [name] is a [insult] / shut up you [insult]
what a [insult] you are / you're a [curse] [insult] / fuck you, [insult]
nobody likes you, you [insult] / you are [bad] / you are so [bad] / go to hell you [insult]
[name] is a [curse] [insult] / I [hate] you, you [insult] / everyone knows you are a [insult]
I will [harm] you / I'm going to find you and [harm] you / you deserve to be [harmed]
somebody should [harm] you / only a [insult] would say that / you and your friends are [filth]
you are [filth] / people like you are [vermin] / you should be [harmed] you [insult]
are you [bad] or what, [insult]? / you make me sick, [insult] / get lost [insult]
I hope you get [harmed] / keep talking and I will [harm] you / you have the brain of a [insult]
you look like a [insult]
"""

AT_OTHERS = """
I [hate] [others]. / [others] are [bad]. / [others] [disgust] / [others] are [vermin]
all [others] are [filth] / [curse] [others] / we should ban [others] from [place]
why are [others] so [bad]? / [others] don't belong in [place] / never trust a [other]
[others] should not be allowed to [right] / every [other] is [bad] / what a [bad] [other]
"""


@dataclass(frozen=True, slots=True)
class Made:
    """A sentence of the grammar with what is known of it."""

    text: str
    toxic: float
    """1, 0, or NaN where people would not agree."""
    identity_attack: float
    family: str
    held_out: bool
    """Whether pattern and fillers were kept for judging only."""


FAMILIES: Mapping[str, tuple[str, float, float, float]] = {
    "hateful": (HATEFUL, 1.0, 1.0, 0.40),
    "harmless": (HARMLESS, 0.0, 0.0, 0.36),
    "otherwise": (OTHERWISE, 0.0, 0.0, 0.11),
    "at_someone": (AT_SOMEONE, 1.0, 0.0, 0.08),
    "at_others": (AT_OTHERS, float("nan"), 0.0, 0.05),
}
"""Family -> patterns, toxic, identity attack, share."""

_SLOT = re.compile(r"\[(\w+)\]")


def sentences(n: int, rng: np.random.Generator, *, held_out: bool) -> list[Made]:
    """Make different sentences.

    Parameters
    ----------
    n
        How many; families share them as ``FAMILIES`` says.
    rng
        Draws patterns, fillers and spelling.
    held_out
        Whether to use the patterns and fillers that are kept for judging.
    """
    made: dict[str, Made] = {}
    for family, (patterns, toxic, attack, share) in FAMILIES.items():
        pool = _patterns(patterns, held_out)
        wanted, tries = len(made) + round(n * share), 0
        while len(made) < wanted and tries < 20 * n:
            tries += 1
            text = _styled(_filled(str(rng.choice(pool)), rng, held_out), rng)
            made.setdefault(text, Made(text, toxic, attack, family, held_out))
    return list(made.values())


@functools.cache
def _patterns(listed: str, held_out: bool) -> list[str]:
    return _part(
        [p.strip() for line in listed.strip().splitlines() for p in line.split(" / ")], held_out
    )


@functools.cache
def _fillers(slot: str, held_out: bool) -> list[str]:
    return _part([word.strip() for word in " ".join(WORDS[slot].split()).split(";")], held_out)


@functools.cache
def _pairs(listed: str) -> list[list[str]]:
    return [pair.split("|") for pair in " ".join(listed.split()).split("; ")]


def _part(items: Sequence[str], held_out: bool) -> list[str]:
    """Keep the fifth that is held out, or the rest; by content, so that order does not matter."""
    ranked = sorted(set(items), key=lambda item: zlib.crc32(item.encode()))
    kept = -(-len(ranked) // 5)
    return ranked[:kept] if held_out else ranked[kept:]


def _filled(pattern: str, rng: np.random.Generator, held_out: bool) -> str:
    groups, others = _pairs(GROUPS), _pairs(OTHERS)

    def fill(found: re.Match[str]) -> str:
        slot = found.group(1)
        if slot in {"groups", "group"}:
            return groups[rng.integers(len(groups))][slot == "group"]
        if slot in {"others", "other"}:
            return others[rng.integers(len(others))][slot == "other"]
        if slot == "hates":
            return str(rng.choice(["hates", "despises", "loathes", "detests"]))
        if slot == "HATEFUL":
            inner = rng.choice(_patterns(HATEFUL, held_out))
            return _filled(str(inner), rng, held_out).rstrip(".")
        return str(rng.choice(_fillers(slot, held_out)))

    return _article(_SLOT.sub(fill, pattern))


def _article(text: str) -> str:
    return re.sub(r"\b([Aa]) (?=[aeiou])", r"\1n ", text)


def _styled(text: str, rng: np.random.Generator) -> str:
    """Vary how it is written: openers, closers, case, marks and, in a few, the spelling."""
    draw = rng.random(5)
    if draw[0] < 0.15:
        text = f"{rng.choice(_fillers('opener', False))}, {text}"
    if draw[1] < 0.12:
        text = f"{text.rstrip('.')} {rng.choice(_fillers('closer', False))}"
    if draw[2] < 0.5 and text[-1] not in ".?!":
        text += str(rng.choice([".", "!", "!!"]))
    text = text[0].upper() + text[1:] if draw[3] < 0.6 else text.upper() if draw[3] > 0.97 else text
    return misspelt(text, rng) if draw[4] < 0.12 else text


def misspelt(text: str, rng: np.random.Generator) -> str:
    """Write one or two words wrongly, as people do to pass filters.

    Letters are swapped, dropped, doubled, spaced out or written as digits, or a space is lost.
    """
    words = text.split(" ")
    long = [at for at, word in enumerate(words) if len(word) > 3 and word.isalpha()]
    for at in rng.permutation(long)[: rng.integers(1, 3)]:
        word, cut = words[at], int(rng.integers(1, len(words[at]) - 1))
        words[at] = [
            word[:cut] + word[cut + 1] + word[cut] + word[cut + 2 :],
            word[:cut] + word[cut + 1 :],
            word[:cut] + word[cut] + word[cut:],
            " ".join(word),
            word[0] + word[1:-1].translate(str.maketrans("oieas", "01345")) + word[-1],
            word[:cut] + "*" + word[cut + 1 :],
            word + "\0",
        ][rng.integers(7)]
    return " ".join(words).replace("\0 ", "").rstrip("\0")
