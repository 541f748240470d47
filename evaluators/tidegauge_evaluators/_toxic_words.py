"""Words that colour a text's tone, written for this project; slurs are left to learned weights."""

from __future__ import annotations

from collections.abc import Mapping


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


WORDS: Mapping[str, frozenset[str]] = {
    "identity": _words(
        """women woman men man girls girl mothers mother gay gays lesbian lesbians bisexual queer
        trans transgender black blacks white whites asian asians latino latinos hispanic hispanics
        jew jews jewish muslim muslims islam islamic christian christians christianity hindu hindus
        sikh sikhs buddhist catholic catholics atheist atheists immigrant immigrants migrant
        migrants refugee refugees foreigner foreigners asylum disabled disability disabilities deaf
        blind autistic wheelchair wheelchairs elderly old arab arabs african africans mexican
        mexicans chinese indian indians pakistani pakistanis polish romanian romanians roma
        indigenous native natives homosexual homosexuals feminist feminists female females male
        males ethnic minority minorities race religion"""
    ),
    "profanity": _words(
        """fuck fucks fucked fucking fuckin shit shits shitty bullshit damn damned goddamn hell
        ass asses crap crappy piss pissed bastard bastards bloody arse cock dick balls wtf
        af motherfucker motherfucking fck fuk sht"""
    ),
    "insult": _words(
        """idiot idiots idiotic stupid moron morons moronic dumb dumbass fool fools loser losers
        pathetic ugly fat lazy coward cowards liar liars ignorant clown clowns imbecile imbeciles
        jerk jerks creep creeps scumbag scumbags asshole assholes trash garbage worthless useless
        disgrace hypocrite hypocrites bitch bitches bitchy hoe hoes pussy pussies whore whores slut
        sluts dickhead prick pricks cunt cunts twat wanker douche douchebag dimwit brainless
        crybaby freak freaks weirdo weirdos psycho nutjob lunatic"""
    ),
    "dehumanising": _words(
        """animal animals vermin rat rats cockroach cockroaches pig pigs dog dogs monkey monkeys
        ape apes parasite parasites scum filth filthy dirty disease cancer plague insects insect
        subhuman savages savage beast beasts rodent rodents snake snakes leech leeches pest pests
        maggots maggot poison toilet sewer barbaric primitive inferior disgusting repulsive gross
        vile evil criminals thieves terrorists invaders infest infestation"""
    ),
    "hostile": _words(
        """hate hates hated despise despises loathe loathes detest detests disgust disgusts stand
        ban banned deport deported expel kick gone leave rid back banish exclude sick vomit puke
        tired intolerable worst destroy ruining ruin ruined invade enemy"""
    ),
    "violence": _words(
        """kill kills killed killing murder murdered shoot shot hang hanged burn burned burnt beat
        beaten stab stabbed attack attacked hurt punch punched slap strangle drown bomb bombed rape
        raped gas gassed exterminate exterminated eradicate die dead death execute executed lynch
        lynched shove punish punished smash"""
    ),
    "negation": _words(
        """not no never nobody none nor neither cannot can't cant don't dont doesn't doesnt isn't
        isnt aren't arent wasn't won't wont wouldn't shouldn't shouldnt without nothing hardly"""
    ),
    "you": _words("you your yours yourself u ur you're youre yall y'all ya"),
    "them": _words("they them their those these theyre they're all every each"),
    "kind": _words(
        """love loves loved like great good kind respect equal equality support thank thanks please
        happy welcome proud wonderful amazing beautiful friend friends deserve deserves celebrate
        congratulations helpful valuable brilliant admire appreciate safe rights protect help"""
    ),
    "counter": _words(
        """racist racists racism sexist sexism bigot bigots bigotry homophobic homophobia
        transphobic prejudice stereotype stereotypes discrimination wrong unacceptable shame
        shameful said saying says say called calling claim claims wrote heard told quote quoted
        arrested reported condemned fired offensive hateful"""
    ),
    "i": _words("i i'm im me my mine myself we us our"),
}
"""Topic -> lower-case words."""

TOPICS = tuple(WORDS)

TOGETHER = (
    ("identity", "insult"),
    ("identity", "dehumanising"),
    ("identity", "hostile"),
    ("identity", "violence"),
    ("identity", "profanity"),
    ("identity", "kind"),
    ("identity", "negation"),
    ("identity", "counter"),
    ("negation", "hostile"),
    ("negation", "dehumanising"),
    ("negation", "insult"),
    ("negation", "violence"),
    ("negation", "kind"),
    ("you", "insult"),
    ("you", "profanity"),
    ("you", "violence"),
    ("i", "insult"),
    ("i", "hostile"),
    ("them", "dehumanising"),
    ("counter", "dehumanising"),
    ("counter", "hostile"),
    ("kind", "profanity"),
)
"""Pairs of topics whose meeting in one window says more than either alone."""
