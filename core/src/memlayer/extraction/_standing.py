"""What is so as a rule and fills no slot: homes without a name, duties, skills, traits, what kin and animals do."""

from __future__ import annotations

import re


def _re(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


# A home whose place has no name; it fills no slot either.
_DWELLS = _re(
    r"^(?:am |is |are )?(?:now |currently |still )?"
    r"(?:liv(?:e|ing) (?:in|on|near|above|outside|next to|close to|by)|rent(?:ing)?|share) an?"
    r" (?:[\w'-]+ ){0,5}?(?:apartment|flat|house|studio|loft|condo|cottage|cabin|farm|farmhouse|village|town|suburb"
    r"|city|neighbou?rhood|dorm|room|basement|trailer|van|boat|houseboat|bungalow|townhouse|building|street|hill|island"
    r"|community|commune|district|barn|church|mill|caravan|camper|ranch|penthouse|mansion|duplex|lighthouse"
    r"|region|valley|quarter)\b(?! where everyone)"
)
# What somebody is in charge of, teaches or knows how to do.
_CHARGE = _re(
    r"^(?:now |also |currently )?(?:teach (?!the\b|you|me|him|her|them|us|it|this|that|how)\w+(?: \w+)* (?:at|in|to) \w"
    r"|(?:manage|lead|run|coach|supervise|oversee|head|own) (?:an?|two|three|four|five|my own|our|the)"
    r" (?:[\w'-]+ ){0,4}?(?:teams?|department|group|crew|unit|division|squad|office|branch|shops?|store|caf[eé]|bakery"
    r"|restaurant|bar|pub|business|company|agency|studio|farm|gallery|salon|hotel|hostel|blog|podcast|newsletter"
    r"|choir|club|practice|clinic|school|nonprofit|charity|workshop|lab|vineyard|winery|orchard|brewery|campsite)\b"
    r"|(?:am|is) (?:the )?(?:head|director|manager|leader|chair|president|founder|owner|captain|treasurer"
    r"|secretary) of \w"
    r"|(?:(?:am|is) (?:in charge of|responsible for)|take care of|look after)(?! this| that| it\b| them\b"
    r"| my own\b| every) \w)"
)
_SKILL = _re(
    r"^(?:(?:am|is) (?:\w+ly |quite |so |very )?(?:afraid|scared|terrified|frightened) of"
    r"|(?:am|is) (?:really |quite |pretty |very |fairly |not |extremely |so )*(?:good|great|skilled|experienced"
    r"|talented|decent|terrible|bad|hopeless|awful) at"
    r"|know how to(?! (?:do|use|get|make|fix|write|find|set|open|save|load|install|click|copy|paste|add|create|delete"
    r"|change|go|start|run|solve|calculate|print|\w+ the)\b))"
    r" (?!the (?:moment|end)\b|first\b|last\b|this\b|that\b|it\b|them\b|all\b|what\b)\w+"
    r"(?!.*\b(?:it|this|that|these|those|you)\b)"
)
# What kin, animals and companies do as a rule, and the little of it that is said of oneself and not of a task at hand.
_DOES = (
    r"(?:play|teach|coach|train(?! an? )|repair|restore|collect(?! (?:all|the)\b)|breed|raise(?! an? )|grow|volunteer"
    r"|translate|sing|dance|sleep(?! for \w+ (?:seconds|minutes|ms)\b)|live|suffer|sew|knit|carve|sculpt"
    r"|stay(?= (?:with|at) ))"
)
_STILL = r"(?:also |now |still |currently |mostly |mainly )?"
_THEY_DO = re.compile(
    rf"{_STILL}(?:{_DOES}|work(?! on (?!an? (?:[\w-]+ )?(?:farm|rig|ranch|ship|boat|site)\b))|run|own|manage|make|sell"
    r"|build|design|handle|paint|write|drive|ride|speak|swim|cook|bake|attend|practi[sc]e|compete|study|perform"
    r"|photograph|lead|carry|wear|keep(?= an?\b| \w+ing\b))"
    r" (?!the (?:same|script|code|tests?|program|command|query)\b|an? error\b|mistakes\b|you|me\b|us\b|it\b|this|that"
    r"|them\b|to\b|if\b|how\b|what\b)(?!.*\b(?:you|your)\b)\S+ \S+"
)
_I_DO = re.compile(
    rf"{_STILL}{_DOES} (?!with (?:this|that|it|the)\b|it\b|this\b|that\b|the\b|in\b|on\b|around\b|up\b)"
    r"(?!.*\b(?:you|your|this)\b)\S+(?: \S+){2}"
    r"|(?:have|eat) (?:breakfast|lunch|dinner) (?:at|around) \w"
    r"|keep (?:two|three|four|five|six|\d+) [a-z]+(?: in| on| at)\b"
)
_TRAIT = _re(
    r"^(?:(?:am|is|have been|has been) (?:also |always |\w+ly )?interested in (?!\w+ing\b|the\b|this\b|that\b|it\b"
    r"|how\b"
    r"|what\b|your?\b|a few\b)\w"
    r"|(?:have|has)(?: got)? (?:an? )?(?:long|short|curly|straight|dark|blonde?|red|grey|gray|black|brown|thick"
    r"|thin|dry"
    r"|oily|combination|sensitive|fair|perfect),?(?: \w+)? (?:hair|skin|pitch|eyes)\b"
    r"|(?:have|has) an? (?:[\w-]+ ){0,2}(?:pacemaker|hearing aid|prosthe\w+|tattoo|scar|sweet tooth|green thumb|phobia"
    r"|fear of|degree in|PhD in|black belt|dual citizenship|orchard|balcony|workshop|pool|fireplace|sauna)\b"
    r"|(?:have|own)(?: got)? an? (?:[\w-]+ ){0,2}collection of (?!(?:numbers|items|documents|strings|files|objects"
    r"|values"
    r"|records|rows|data|it|them|this|these|those)\b)\w"
    r"|(?:hate|dislike|do not like|cannot stand|cannot bear) it when (?!you\b|the (?:code|answer|output)\b)"
    r"|(?:am|is)(?: \w+ly)? (?:deaf|blind|colou?r[- ]?blind|left-handed|right-handed|ambidextrous|dyslexic"
    r"|autistic|anemic"
    r"|anaemic|bilingual|adopted)\b"
    r"|(?:am|is)(?: not)?(?: really| much of| exactly| very much)* (?:such )?an? (?:morning|evening|night|people"
    r"|cat|dog"
    r"|beach|city|country|coffee|tea|tidy|patient|shy|private|spontaneous) person\b"
    r"|(?:am|is)(?: not)?(?: really| much of| \w+ly)* an? (?:total |real |bit of an? )?(?:night owl|early bird"
    r"|introvert"
    r"|extrovert|homebody|perfectionist|bookworm|foodie|workaholic|early riser|light sleeper|picky eater)\b"
    r"|work (?:only |about )?(?:\d+|two|three|four|five|six|\w+ty) (?:days|hours) (?:a|per) week\b"
    r"|(?:go|am going) to (?:an? )?(?:[\w-]+ )?(?:school|kindergarten|university|college)\b(?= \w))"
)


def stands(predicate: str, *, own: bool) -> bool:
    """Says whether a predicate in the form of the first person tells what is so as a rule.

    `own`: it is the speaker's, whose tasks at hand look much the same, and no relative's.
    """
    return any(pattern.match(predicate) for pattern in (_DWELLS, _CHARGE, _SKILL, _TRAIT, _I_DO if own else _THEY_DO))
