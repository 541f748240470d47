"""Words by which an answer declines, greets, or talks about itself, in six languages."""

from __future__ import annotations

import re

LOOK = 400
"""Characters of a sentence that are searched: who declines says so early."""

_SOURCES = (
    "context|document|passage|text|article|excerpt|source|material|transcript|conversation"
    "|knowledge base|search result|provided information|given information|information provided"
)

_ASKS = (
    "who|whom|whose|what|when|where|why|how|which|is|are|am|was|were|do|does|did|can|could|will"
    "|would|shall|should|have|has|had|may|might|isn't|aren't|wasn't|weren't|don't|doesn't|didn't"
    "|can't|couldn't|won't|wouldn't|haven't|hasn't"
)

HINTS = re.compile(
    r"n't|not\b|\bno\b|unable|declin|refus|against|violat|outside|insufficient|unanswer|lack"
    r"|impossible|nicht|kein|\bpas\b|aucun|\bnon\b|não|n/a|unknown",
    re.IGNORECASE,
)
"""What every phrase of refusal has one of; looked for first, since the phrases take ten times as
long."""

DECLINES = re.compile(
    # English: cannot help, must not, is only a machine
    r"\b(?:i|we)(?: am|'m| are|'re)? (?:really |truly |very |simply |just |unfortunately )*"
    r"(?:can't|cannot|can not|could not|couldn't|won't|will not|unable to|not able to"
    r"|not allowed to|not permitted to|not comfortable|must decline|have to decline|must refuse"
    r"|not in a position to|not going to|not designed to|not programmed to)\b(?: \w+){0,3}? "
    r"(?:help(?! but\b)|assist|answer|provide|comply|fulfill?|do (?:that|this|so)|engage|discuss"
    r"|share|give|offer|create|generate|write|produce|support|respond|continue|complete|process|access"
    r"|browse|participate|recommend|advise|comment|encourage|condone|promote|endorse|decline"
    r"|providing|helping|answering|writing|discussing)"
    r"|\bi must (?:respectfully )?(?:decline|refuse)|\bi (?:respectfully |must )?decline to"
    r"|\bas an? (?:ai|artificial intelligence|(?:large )?language model|virtual assistant)\b"
    r".{0,60}\b(?:can't|cannot|don't|do not|unable|not able|am not)\b"
    r"|\b(?:against|violat\w+|outside) (?:my|our|the) (?:\w+ )?"
    r"(?:guidelines|polic(?:y|ies)|programming|principles|scope|capabilities|terms)\b"
    # German
    r"|\b(?:ich (?:kann|darf|werde)|(?:kann|darf|werde) ich)\b.{0,80}\b(?:nicht|keine[nmrs]?)\b"
    r".{0,80}\b(?:helfen|weiterhelfen|beantworten|unterstützen|bereitstellen|geben|beraten"
    r"|erfüllen|nachkommen|erstellen|teilen|behilflich)\b"
    r"|\bich bin nicht (?:in der lage|befugt|berechtigt)\b"
    r"|\bals (?:ki|künstliche intelligenz|sprachmodell)\b.{0,60}\b(?:nicht|keine[nmrs]?)\b"
    # French
    r"|\bje ne (?:peux|puis|pourrai|saurais|vais|dois)\b.{0,30}\bpas\b.{0,40}\b(?:aider|répondre"
    r"|fournir|donner|assister|satisfaire|traiter|discuter|créer|générer|partager|faire)\b"
    r"|\bje ne suis (?:malheureusement )?pas (?:en mesure|capable|autorisée?)\b"
    r"|\ben tant qu(?:e |')(?:ia|intelligence artificielle|modèle|assistant)\b.{0,60}\bne?\b"
    # Spanish
    r"|\bno puedo\b.{0,40}\b(?:ayudar\w*|responder\w*|proporcionar\w*|dar\w*|ofrecer\w*|cumplir"
    r"|asistir\w*|compartir\w*|crear|generar|contestar|brindar\w*|hacer eso)\b"
    r"|\bno (?:me es posible|soy capaz de|estoy (?:autorizad|capacitad)[oa])\b"
    r"|\bcomo (?:un )?(?:modelo de lenguaje|ia|inteligencia artificial|asistente)\b.{0,60}\bno\b"
    # Italian
    r"|\bnon (?:posso|sono in grado di)\b.{0,40}\b(?:aiutar\w*|risponder\w*|fornir\w*|dar\w*"
    r"|assister\w*|soddisfare|condivider\w*|crear\w*|generar\w*|offrir\w*|farlo)\b"
    r"|\b(?:in quanto|come) (?:modello|ia|intelligenza artificiale|assistente)\b.{0,60}\bnon\b"
    # Portuguese
    r"|\bnão (?:posso|consigo|sou capaz de)\b.{0,40}\b(?:ajud\w+|respond\w+|fornec\w+|dar"
    r"|oferec\w+|atend\w+|compartilh\w+|cri\w+|ger\w+|auxili\w+|fazer isso)\b"
    r"|\bcomo (?:uma? )?(?:modelo de linguagem|ia|inteligência artificial|assistente)\b"
    r".{0,60}\bnão\b",
    re.IGNORECASE,
)
"""Says that it will not, or must not, answer."""

ABSTAINS = re.compile(
    # English: does not know, or does not find it in what it was given
    r"\bi (?:do not|don't) know\b(?! (?:if|whether|about you|you))"
    r"|\b(?:i|we) (?:do not|don't|did not|didn't) (?:currently |actually )?"
    r"(?:have|find|see|possess) (?:any |enough |sufficient |specific |the |access to |relevant "
    r"|real-time ){0,3}(?:information|data|details|context|knowledge|access|mention|answer)\b"
    r"|\b(?:i|we)(?:'m| am| was| were|'re| are)? (?:can't|cannot|could not|couldn't|unable to)"
    r" (?:find|determine|verify|confirm|tell|say|locate)\b"
    rf"|\b(?:{_SOURCES})s?(?: \w+){{0,5}}? (?:does not|doesn't|do not|don't|did not|didn't)"
    r"(?: \w+ly)?"
    r" (?:mention|contain|include|provide|specify|state|say|give|discuss|cover|address|indicate"
    r"|explain|offer|have|describe|tell)\b"
    r"|\bthere(?:'s| is| are| was) (?:no|not enough|insufficient) (?:\w+ ){0,2}?"
    r"(?:information|mention|details?|data|reference|answer)"
    r" (?:\w+ ){0,3}?(?:about|on|of|regarding|in|available|provided|given|that|to)\b"
    r"|\b(?:is|are|was|were) not (?:\w+ly )?(?:mentioned|specified|stated|provided|included|given"
    r"|discussed|covered|addressed|disclosed|described|found|available) (?:in|by|within)"
    rf" (?:the|this|your|any)(?: \w+){{0,3}}? (?:{_SOURCES})"
    r"|\b(?:it is|it's) (?:not possible|impossible) to (?:determine|say|answer|tell|know)\b"
    r"|\bcan(?:not|'t) be (?:determined|answered)\b"
    r"|\b(?:not enough|insufficient|lack of) (?:information|context|data|details?) to\b"
    r"|^\W*(?:unable to (?:answer|find|determine|provide|assist|help)|unanswerable|no answer"
    r"|cannot answer|not answerable|not enough information|insufficient information"
    r"|n/a\W*$|unknown\W*$)"
    # German
    r"|\b(?:ich weiß|weiß ich)\b(?: \w+){0,2}? nicht\b(?! (?:ob|dass))"
    r"|\b(?:ich habe|habe ich|mir liegen|liegen mir)\b(?: \w+){0,2}? keine[nr]? (?:\w+ )?"
    r"(?:informationen|angaben|daten|kenntnis|zugriff|zugang)\b"
    r"|\b(?:kontext|text|dokument|artikel|auszug|abschnitt|unterlagen|quellen?|texten?)\b"
    r".{0,60}\b(?:nicht (?:erwähnt|genannt|angegeben|enthalten)|keine (?:\w+ )?"
    r"(?:informationen|angaben|hinweise|auskunft))\b"
    r"|\bnicht (?:genügend|genug|ausreichend\w*) informationen\b"
    # French
    r"|\bje ne sais pas\b(?! si)|\bje (?:n'ai|ne dispose|ne trouve) (?:pas|aucune?|d'aucune?)"
    r"(?: \w+)?(?: assez| suffisamment)?.{0,12}(?:information|accès|donnée|réponse|élément)"
    r"|\b(?:contexte|texte|document|article|passage|extrait)s?\b.{0,30}\bn(?:e |')"
    r"(?:mentionne|contien|précise|fourni|indique|donne|comporte|permet|évoque)\w*\b.{0,12}\b(?:pas|aucune?)\b"
    r"|\bn(?:'est|e sont) pas (?:mentionné|précisé|indiqué|fourni)"
    r"|\b(?:pas|assez) (?:assez |suffisamment )?d'informations\b"
    # Spanish
    r"|\bno (?:lo )?sé\b(?! si)|\bno (?:tengo|dispongo de|cuento con|encuentro)"
    r"(?: \w+){0,2}? (?:información|acceso|datos|respuesta)"
    r"|\b(?:contexto|texto|documento|artículo|pasaje|fragmento)s?\b.{0,30}\bno (?:menciona|contiene"
    r"|proporciona|especifica|indica|incluye|dice|ofrece)n?\b"
    r"|\bno se (?:menciona|especifica|indica|proporciona)n?\b"
    r"|\bno hay (?:suficiente )?información\b"
    # Italian
    r"|\bnon (?:lo so|so)\b(?! se)|\bnon (?:ho|dispongo di|trovo)(?: \w+){0,2}? "
    r"(?:informazioni|accesso|dati|risposta)"
    r"|\b(?:contesto|testo|documento|articolo|brano|passaggio)\b.{0,30}\bnon (?:menziona|contiene"
    r"|fornisce|specifica|indica|dice|riporta)\b"
    r"|\bnon (?:viene|è|sono|vengono) (?:menzionat|specificat|indicat|riportat)"
    r"|\bnon ci sono (?:abbastanza )?informazioni\b"
    # Portuguese
    r"|\bnão sei\b(?! se)|\bnão (?:tenho|disponho de|encontrei|encontro)(?: \w+){0,2}? "
    r"(?:informaç|acesso|dados|conhecimento|resposta)"
    r"|\b(?:contexto|texto|documento|artigo|trecho|passagem)\b.{0,30}\bnão (?:menciona|contém"
    r"|fornece|especifica|indica|inclui|diz|informa)\b"
    r"|\bnão (?:é|são|foi|foram) (?:mencionad|especificad|informad|fornecid)"
    r"|\bnão há (?:\w+ )?(?:informaç|dados)",
    re.IGNORECASE,
)
"""Says that it does not know, or that its sources do not say."""

YET = re.compile(
    r"\b(?:but|however|although|though|yet|aber|jedoch|mais|cependant|pero|sin embargo|ma|però"
    r"|tuttavia|mas|porém)\b"
    r"(?P<offer>,? (?:(?:i|we)(?:'m|'d|'ll| am| can| could| will| would| hope)"
    r"|you|feel|please|let|if|ich|sie|du|je|vous|tu|puedo|posso|bitte|n'hésitez)\b)?(?P<rest>.*)",
    re.IGNORECASE,
)
"""A turn to something that is said after all, or only offered."""

TURNS = re.compile(
    r"\W*(?:however|but|that said|nevertheless|nonetheless|still|instead|in general|generally"
    r"|what (?:it|i|the)|it does|aber|jedoch|allerdings|cependant|toutefois|mais|sin embargo|pero"
    r"|no obstante|tuttavia|però|ma|no entanto|contudo|porém|mas)\b",
    re.IGNORECASE,
)
"""A sentence that answers after all, behind one that declined."""

OPENS = re.compile(
    r"\W*(?:hello|hi|hey|greetings|good (?:morning|afternoon|evening|day)|welcome|thanks(?: a lot)?"
    r"|thank you(?: \w+ much)?|you(?:'re| are)(?: very| most)? welcome|sure(?: thing)?|certainly"
    r"|of course|absolutely|definitely|gladly|(?:great|good|excellent|interesting) question"
    r"|no problem|my pleasure|yes|yeah|yep|no|nope|ok|okay|alright|right|correct|exactly|indeed"
    r"|i see|i understand|got it|understood|well|wow|oh|ah|haha\w*|lol|bye|goodbye|sorry"
    r"|i(?:'m| am) (?:so |very |really )?sorry|i apologi[sz]e|my apologies|in (?:summary|conclusion"
    r"|short)|overall|congratulations|hallo|guten (?:tag|morgen|abend)|ja|nein|danke(?: schön)?"
    r"|gerne|natürlich|bonjour|bonsoir|salut|oui|non|merci(?: beaucoup)?|bien sûr|hola|buenos días"
    r"|buenas (?:tardes|noches)|sí|gracias|claro|por supuesto|ciao|buongiorno|buonasera|sì|grazie"
    r"|certo|certamente|olá|oi|bom dia|boa (?:tarde|noite)|sim|não|obrigad[oa]|com certeza)\b",
    re.IGNORECASE,
)
"""An opening that says nothing."""

WISHES = re.compile(
    r"\W*(?:i (?:really |do )?hope (?:this|that|it|you|the)\b|i(?:'m| am) (?:\w+ )?(?:happy|glad"
    r"|here|pleased|delighted|excited) to (?:help|assist|hear|be of)"
    r"|i(?:'m| am) sorry (?:to hear|for|about|if|that you)"
    r"|(?:nice|glad|happy|good|great) to (?:hear|meet|see|know|help)"
    r"|have a (?:great|nice|good|wonderful|lovely)|take care|good luck|enjoy\b.{0,40}!$"
    r"|i apologi[sz]e for|sorry (?:for|to hear|about)|thank(?:s| you) for"
    r"|ich hoffe|es tut mir leid|j'espère|je suis désolée?|espero que|lo siento|spero che"
    r"|mi dispiace|sinto muito)",
    re.IGNORECASE,
)
"""Courtesies that may go on for a sentence."""

TOLD = re.compile(
    r"\W*(?:and |so |but |oh,? )?(?:do|did|have) you (?:guys )?"
    r"(?:know|hear|heard|realise|realize|see) that\b(?P<what>.{15,})",
    re.IGNORECASE,
)
"""A statement in the dress of a question."""

TAGGED = re.compile(
    rf"(?!\W*(?:(?:and|so|but|well|ok|okay|oh|hey|hi|then|or|also),? )?(?:{_ASKS})\b)"
    rf"(?P<what>.{{25,}}?)(?:[,;.]|\s-+)\s?(?:and |but |so |or )?"
    rf"(?:{_ASKS}|right|huh|correct|any)\b[^,;]*$",
    re.IGNORECASE,
)
"""A statement with a question behind its comma."""

OFFERS = re.compile(
    r"\W*(?:(?:please |just |so |and )?(?:let me know|feel free|(?:do not|don't) hesitate"
    r"|reach out)|(?:please )?(?:could|can|would|do) you (?:please )?"
    r"(?:like|want|need|provide|clarify|tell|share)"
    r"|please (?:provide|clarify|share|rephrase|specify|ask|tell me|give me)"
    r"|if you(?:'d| would)? (?:have|need|want|like|require|can|could|provide|share|tell)\b"
    r".{0,120}\b(?:let me know|feel free|i can|i'd|i would|i'll|i will|i'm|i am|just ask|ask me"
    r"|reach out|hesitate)\b"
    r"|(?:i|we)(?: can|'ll| will| could|'d| would)(?: also| be happy to| be glad to| gladly| try to"
    r"| do my best to)? (?:help|assist|elaborate|try|explain (?:that|this|it|more)|provide more"
    r"|look into|do my best|be happy|be glad)\b|is there anything else"
    r"|lassen sie (?:es )?mich|lass (?:es )?mich wissen|melden sie sich|n'hésitez pas"
    r"|faites-moi savoir|no dud(?:e|es) en|házmelo saber|avísame|non esit\w+|fammi sapere"
    r"|não hesite|sinta-se à vontade|me avise)",
    re.IGNORECASE,
)
"""Talk about the conversation itself: offers, requests to the user."""

LEADS = re.compile(
    r"\W*(?:here(?:'s| is| are)|below (?:is|are)|the following (?:is|are)|hier (?:ist|sind)|voici"
    r"|aquí (?:está|están|tienes)|ecco|aqui (?:está|estão))\b[^:\d]{0,120}[:.]?\W*$",
    re.IGNORECASE,
)
"""Announces what follows."""
