"""Says in one plain statement what people say in two breaths: "my number changed, it is now 555 0100".

Each rule takes a sentence whose contractions are written out and gives one whose subject and value stand side by side,
so that the readers of slots see "my number is now 555 0100". A sentence that no rule knows stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from memlayer.extraction import _values as values
from memlayer.extraction import _words as words

_Rule = tuple[tuple[str, ...], re.Pattern[str], str | Callable[[re.Match[str]], str]]


def _rule(gate: str, pattern: str, to: str | Callable[[re.Match[str]], str]) -> _Rule:
    """A rule, and the words (parted by bars) without any of which it is not even tried."""
    return tuple(gate.split("|")), re.compile(pattern, re.IGNORECASE), to


_MINE = r"(?P<what>(?:my|our) (?:[\w'-]+ ){0,4}?[\w'-]+)"
_IT_IS = r"(?:,|;|:|\.| -|—)? (?:and |so |but |to )?(?:it is|it was|they are|the new one is)? ?(?:now )?(?:called )?"
_WITH = r"(?P<who>(?:my|our) (?:[\w-]+ )?[\w-]+(?: (?-i:[A-Z])[\w'-]+)?|(?-i:[A-Z])[\w'-]+) and I"
_DRINK = re.compile(r"\b(?:coffee|tea|wine|beer|alcohol|soda|juice|whiskey|cola|coke|drinks?|booze|caffeine)\b")
_DOCTOR = r"(?:doctor|gp|allergist|psychiatrist|cardiologist|neurologist|dermatologist|dentist|specialist|vet)s?"
_RECORD = r"(?:pb|pr|personal best|personal record|record|best time|(?:high|top|highest|best) score|best)"
_NAMED = r"(?-i:[A-Z])[\w'&.-]*(?: (?-i:[A-Z0-9])[\w'&.-]*)*"


def _switched_to(m: re.Match[str]) -> str:
    """A thing that is another one now, or a machine that runs another system."""
    if re.match(r"(?:laptop|computer|pc|desktop|server|phone|team|editor)", m["what"]) and values.listed(
        m["to"], words.TECH
    ):
        return f"I switched to {m['to']} on {m['mine']}"
    return f"{m['mine']} is now {m['to']}"


def _children(m: re.Match[str]) -> str:
    """The names of several children, whatever else is said of them."""
    names = [n for n in (m["a"], m["b"], m["c"]) if n]
    word = {"girls": "daughters", "boys": "sons", "twins": "children"}.get(m["kin"].lower(), m["kin"].lower())
    return f"I have {'three' if m['b'] else 'two'} {word} named {', '.join(names[:-1])} and {names[-1]}"


_TO_A_FIGURE = "|".join(f"to {first}" for first in "$€£0123456789")
_RULES: tuple[_Rule, ...] = (
    # changed, it is now
    _rule(
        "chang|different",
        rf"^{_MINE} (?:has |have )?(?:just |recently |been )*(?:changed|been changed|got changed"
        rf"|is different)(?: to| from"
        rf" [^,;]{{1,40}}? to|{_IT_IS}(?<=now )|(?:,|;|:| -|—)? (?:and |so |but )?(?:it is|they are"
        rf"|the new one is)(?: now)?) (?P<to>.+)$",
        r"\g<what> is now \g<to>",
    ),
    _rule(
        "chang|updat",
        rf"^(?:we|I) (?:have |had to )?(?:just |recently )?(?:changed|change|updated) (?!my (?:major|minor"
        rf"|mind)){_MINE}"
        r"(?: from [^,;]{1,40}?)?(?: to|,? (?:and |so )?(?:it is|they are)(?: now)?) (?P<to>.+)$",
        r"\g<what> is now \g<to>",
    ),
    _rule(
        "chang|updat",
        r"^(?:we|I) (?:have |had to )?(?:just |recently )?(?:changed|updated) the (?P<what>[\w -]{3,30}?)"
        r"(?: from [^,;]{1,40}?)? to (?P<to>.+)$",
        r"my \g<what> is now \g<to>",
    ),
    _rule(
        "used to be| was ",
        rf"^{_MINE} (?:used to be|was) [^,;]{{1,60}}[,;] (?:but |and )?(?:now |these days |lately )?"
        r"(?:it is|they are|is) (?:now )?(?P<to>.+)$",
        r"\g<what> is now \g<to>",
    ),
    _rule(
        "is not",
        rf"^{_MINE} is not [^,;]{{1,60}} (?:any ?more|any longer)[,;] (?:but )?it is (?:now )?(?P<to>.+)$",
        r"\g<what> is now \g<to>",
    ),
    _rule(
        "is no longer",
        rf"^{_MINE} is no longer [^,;]{{1,60}}[,;] (?:but )?it is (?:now )?(?P<to>.+)$",
        r"\g<what> is now \g<to>",
    ),
    _rule(
        "chang",
        r"^the (?P<what>(?:wi-?fi|door|gate|alarm) (?:code|password)) (?:has |was |been |got "
        r"|just )*changed to (?P<to>.+)$",
        r"my \g<what> is now \g<to>",
    ),
    # rates that rise and fall
    _rule(
        _TO_A_FIGURE,
        rf"^{_MINE} (?:has |just |is )*(?:went|gone|go|going|rose|risen|increased|jumped|dropped|fell|fallen"
        rf"|decreased|raised"
        r"|was raised|got raised|been raised|came|come)(?: up| down"
        r"| back)?(?: by [^,;]{1,20}?)?(?: from [^,;]{1,30}?)? to"
        r" (?P<to>[$€£]?\d.*)$",
        r"\g<what> is now \g<to>",
    ),
    _rule(
        _TO_A_FIGURE,
        r"^(?:they|he|she|we|I|(?:my|the|our) [\w ]{2,30}?) (?:has |have |had to |just )*(?:raised|raise|increased"
        r"|lowered|cut"
        r"|reduced|bumped|upped"
        r"|put up)"
        r" (?P<what>(?:my|our|the) [\w ]{3,40}?)(?: by [^,;]{1,20}?)?(?: from [^,;]{1,30}?)? to (?P<to>[$€£]?\d.*)$",
        lambda m: f"my {m['what'].split(' ', 1)[1]} is now {m['to']}",
    ),
    _rule(
        "renew|extend",
        r"^(?:we|I) (?:have )?(?:just )?(?:renewed|extended) (?P<what>(?:my|our) [\w' ]{3,25}?),? (?:and "
        r"|so )?it (?:is )?(?:now )?"
        r"(?:expires|valid until|good until|runs out|ends) (?P<to>.+)$",
        r"\g<what> now expires \g<to>",
    ),
    _rule(
        "switch|chang",
        r"^(?:we|I) (?:have )?(?:just |recently )?(?:switched|changed) (?P<what>gym|bank|dentist|doctor|vet"
        r"|therapist|insurer"
        r"|carrier|(?:\w+ )?provider|insurance)s?(?:,| and| to|;)? (?:and )?(?:I |we )?(?:am "
        r"|are )?(?:now )?(?:going to|go to"
        r"|using|use|seeing"
        r"|see|with|at|to|it is)? ?(?P<to>(?-i:[A-Z])[^,;]*?)(?: now)?$",
        r"my new \g<what> is \g<to>",
    ),
    # doctors, landlords and other people of whom there is one
    _rule(
        "switched me|moved me|changed me",
        rf"^(?:my|the) (?:\w+ )?{_DOCTOR} (?:has |have |just )*(?:switched|moved"
        rf"|changed) me (?:over )?(?P<to>(?:from|to) .+)$",
        r"I switched \g<to>",
    ),
    _rule(
        " me off ",
        r"^(?:my|the) (?:\w+ )?(?:doctor|gp|psychiatrist|cardiologist|neurologist|dermatologist)s? (?:has |have "
        r"|just )*"
        r"(?:took|taken|weaned) me off (?P<to>.+)$",
        r"I came off \g<to>",
    ),
    _rule(
        " me on |prescrib",
        r"^(?:my|the) (?:\w+ )?(?:doctor|gp|psychiatrist|cardiologist|neurologist|dermatologist)s? (?:has |have "
        r"|just )*"
        r"(?:put me on|prescribed(?: me)?|started me on) (?P<to>.+)$",
        r"I take \g<to>",
    ),
    _rule(
        "new ",
        r"^(?:we|I) (?:have |have got |got |found |switched to )+(?:an? |my |our )new (?P<what>[a-z][\w ]{2,20}?)"
        r"(?:,|:| named| called)(?: and)? (?:(?:his|her|their) name is |it is (?:now )?|called )?"
        r"(?P<to>(?!I\b|my\b|we\b)(?:(?-i:[A-Z])|[\d+]|\S+@).+)$",
        r"my new \g<what> is \g<to>",
    ),
    _rule(
        "that is my|it is my",
        rf"^.*?\b(?P<to>\S+@\S+\.\w+|{_NAMED}),? (?:so |and )*(?:that|it) is (?P<what>my (?:new )?[\w-]+)(?: now)?$",
        r"\g<what> is now \g<to>",
    ),
    _rule(
        "@",
        r"^(?:you can )?(?:use|(?:reach|contact|e-?mail) me at|write (?:to )?me at) (?P<to>\S+@\S+\.\w+).*$",
        r"my email is now \g<to>",
    ),
    _rule(
        "from now on",
        r"^(?:please )?use (?P<to>(?:the )?[a-z][\w -]{2,30}?) from now on(?: please)?(?P<t>$|,.*)",
        r"I prefer \g<to> now\g<t>",
    ),
    _rule(
        "what i |thing i ",
        r"^(?:what|(?:the|one) (?:one )?thing(?: that)?) I (?:really )?(?P<v>enjoy|like|love|hate|dislike) (?:the )?"
        r"(?:most|best|least|more than anything(?: else)?) (?:is|are) (?P<to>(?!how\b|that\b|when\b|your?\b"
        r"|the\b)[a-z].+)$",
        r"I \g<v> \g<to>",
    ),
    _rule(
        "rather",
        r"^I would (?:much )?rather (?P<to>(?!you\b|not\b|see\b|know\b|have (?:it|this|that|you|the)\b)[a-z]+"
        r" [^,;]{2,60}?) than (?P<t>(?!it\b|this\b|that\b)[^,;]+)",
        r"I prefer to \g<to> rather than \g<t>",
    ),
    # records
    _rule(
        "pb|pr |pr,|pr:|personal|record|best|score",
        r"^(?:I|we) (?:have |just )*(?:ran|run|set|hit|got|achieved|swam|rode|reached|made) (?:an?|my) (?:new )?"
        rf"(?P<what>(?:[\w-]+ )?{_RECORD})(?P<of> (?:in|for|at|on|over) [^:,]{{2,30}}?)?(?:,|:| -| of| at| with"
        rf"| -)+ (?P<to>\d.*)$",
        lambda m: f"my {m['what']}{m['of'] or ''} is now {m['to']}",
    ),
    # a stop told by what has not been since
    _rule("no more", r"^no more (?P<what>[\w' -]{3,40}?)(?: for (?:me|us))?$", r"I gave up \g<what>"),
    _rule(
        "not smoked|not had a",
        r"^(?P<i>I|we|he|she|(?:my|our) [\w-]+) (?:have|has) not (?:smoked|had a (?:cigarette"
        r"|smoke))(?: at all)?(?P<t>$| .*)",
        r"\g<i> stopped smoking\g<t>",
    ),
    _rule(
        "have not ",
        r"^(?P<i>I|we) have not (?P<verb>eaten|drunk|touched"
        r"|had) (?P<what>(?:any )?[a-z]+(?: [a-z]+)?) (?P<t>(?:in|for|since) "
        r"(?:years|months|ages|\d+ years|two|three|four|five|six|a (?:year|decade|few)|over|19|20|last"
        r"|(?-i:[A-Z])).*)$",
        lambda m: (
            f"{m['i']} do not {'drink' if m['verb'] == 'drunk' or _DRINK.search(m['what']) else 'eat'} {m['what']}"
            f" any more"
        ),
    ),
    # moves
    _rule(
        " me | us ",
        r"^(?:work|they|(?:my|the|our) (?:job|work|company|employer|firm|boss|office|bank)) (?:has |have |just )*"
        r"(?:relocated|transferred|moved) (?:me|us) (?:over |back )?to (?P<to>(?-i:[A-Z])(?!.*\b(?:office|team"
        r"|department|desk)\b).+)$",
        r"I relocated to \g<to>",
    ),
    _rule(
        "made the move",
        r"^(?P<i>I|we) (?:have |just |finally )*made the move (?P<t>(?:back )?to .+)$",
        r"\g<i> moved \g<t>",
    ),
    _rule(
        "back in ",
        r"^(?P<i>I|we) (?:am|are) (?:now )?back in (?P<to>(?-i:[A-Z])[\w .'-]+?) (?P<t>(?:for good|permanently"
        r"|to stay)\b.*)$",
        r"\g<i> moved back to \g<to> \g<t>",
    ),
    # what a doctor says of the speaker is so
    _rule(
        "say|said|told|confirm|show",
        rf"^(?:an?|my|the) (?:\w+ )?(?:{_DOCTOR}|tests?|results?) (?:says?|said|told me|showed|shows?|confirmed"
        rf"|confirms)(?: that)? (?=I (?:have|am|had"
        rf"|do not|no longer)\b|(?:my|our) )",
        "",
    ),
    _rule(
        "let |renew",
        r"^(?:we|I) (?:have )?(?:just )?(?:let (?P<what>(?:my|our|the) .{2,40}?) (?:expire|lapse|run out)"
        r"|(?:did not|will not|are not"
        r"|am not) (?:renew|renewing) (?P<other>(?:my|our|the) .{2,40}))(?P<t>$|[,.;].*$)",
        lambda m: f"I cancelled {m['what'] or m['other']}{m['t']}",
    ),
    _rule(
        "the new ",
        r"^the new (?P<what>[a-z][a-z ]{2,20}?) is (?P<to>(?:called )?(?:(?-i:[A-Z])|\d).*)$",
        r"my new \g<what> is \g<to>",
    ),
    _rule(
        "switch|chang",
        r"^(?:we|I) (?:have )?(?:just |recently )?(?:switched|changed) (?P<mine>(?:my"
        r"|our) (?P<what>[a-z][\w -]{2,25}?))"
        r" (?:over )?to (?P<to>(?-i:[A-Z])[^,;]*)$",
        _switched_to,
    ),
    # new jobs
    _rule(
        "jobs|companies|employers",
        r"^(?:we|I) (?:have )?(?:just |recently )?(?:changed|switched) (?:jobs|companies|employers)(?:,| and|;"
        r"| -)? (?:and )?"
        r"(?:(?:I )?(?:now )?(?:am |work |started |joined )?(?:now )?(?:working )?(?:at|with|for|to)|I joined"
        r"|joined) (?P<to>.+)$",
        lambda m: f"I now work at {m['to'].removesuffix(' now')}",
    ),
    _rule(
        "jobs to",
        r"^I (?:have )?(?:just |recently )?(?:changed|switched) jobs to (?P<to>(?-i:[A-Z]).+)$",
        r"I now work at \g<to>",
    ),
    _rule(
        "first day",
        r"^.{2,20} (?:was|is) my first day (?:at|with) (?P<to>(?-i:[A-Z])(?!.*\b(?:School|University|College"
        r"|Gym)\b).+)$",
        r"I started working at \g<to>",
    ),
    _rule(
        "promoted me",
        r"^(?:they|(?:my|the) [\w ]{2,24}|(?-i:[A-Z])\w+) (?:has |have |just )*promoted me to (?P<to>.+)$",
        r"I was promoted to \g<to>",
    ),
    _rule(
        "stole ",
        r"^(?:somebody|someone|they|some \w+) (?:has |just )*stole (?P<what>(?:my|our) .+)$",
        r"\g<what> was stolen",
    ),
    _rule("last day", r"^.{2,20} was my last day (?:at|with) (?P<to>(?-i:[A-Z]).+)$", r"I left my job at \g<to>"),
    _rule(
        " me",
        rf"^(?P<to>{_NAMED}) (?:has |have |just )*(?:poached|hired|recruited|headhunted) me\b(?: from .*)?$",
        r"I now work at \g<to>",
    ),
    _rule(
        " me",
        r"^(?P<who>(?-i:[A-Z])[a-z]+) (?:has |just )*(?:dumped|left|broke up with) me\b",
        r"I broke up with \g<who>",
    ),
    _rule("job is", r"^my (?:new )?job is (?:now )?(?:at|with) (?P<to>.+)$", r"I now work at \g<to>"),
    # two people, one tie
    _rule(
        "broke|split|broken|called it|parted|separate",
        rf"^{_WITH} (?:have |just |recently )*(?:(?:broke|split|broken) up|broke (?:it|things) off|called it quits"
        rf"|parted ways|went our separate ways)(?P<t>(?! (?:the|an?|our|this|some)\b).*)$",
        r"I broke up with \g<who>\g<t>",
    ),
    _rule(
        "together",
        rf"^{_WITH} (?:have |are )?(?:just |recently )*(?:no longer together|not together any ?more)(?P<t>.*)$",
        r"I broke up with \g<who>\g<t>",
    ),
    _rule("together", rf"^{_WITH} (?P<a>[^,;]+?) together\b(?P<b>.*)$", r"I \g<a> with \g<who>\g<b>"),
    _rule(
        "separated",
        rf"^{_WITH} (?:just |recently |have |got |are )*separated(?P<t>.*)$",
        r"I got separated from \g<who>\g<t>",
    ),
    _rule(
        "divorced",
        rf"^{_WITH} (?:just |recently |finally |have |got |are |getting )*divorced(?P<t>.*)$",
        r"I got divorced from \g<who>\g<t>",
    ),
    _rule(
        "engaged",
        rf"^{_WITH} (?:just |recently )?(?:got|are|have got) engaged(?P<t>.*)$",
        r"I got engaged to \g<who>\g<t>",
    ),
    _rule(
        " met ",
        rf"^{_WITH} (?:first )?met (?P<t>(?:at|in|on|online|through|during|when|while|via|by) .+)$",
        r"I met \g<who> \g<t>",
    ),
    _rule("married", rf"^{_WITH} (?:got|are) married(?P<t>.*)$", r"I am married to \g<who>\g<t>"),
    _rule("dating", rf"^{_WITH} (?:are|have been|started) dating(?P<t>.*)$", r"I am dating \g<who>\g<t>"),
    _rule("live|moved|relocated", rf"^{_WITH} (?P<t>(?:live|moved|relocated) .*)$", r"we \g<t> with \g<who>"),
    _rule(
        "someone|somebody|a guy|a girl|a man|a woman",
        r"^(?P<s>I (?:am |have been |started )?(?:seeing|dating)) (?:someone|somebody|a (?:guy|girl|man"
        r"|woman))(?: new)?,? "
        r"(?:(?:his|her|their) name is|named|called) (?P<who>(?-i:[A-Z])[\w'-]+)(?P<t>.*)$",
        r"I am dating \g<who>\g<t>",
    ),
    _rule("i am seeing", r"^I am seeing (?P<who>(?-i:[A-Z])[\w'-]+)(?= now\b|$| again\b|,)", r"I am dating \g<who>"),
    _rule(
        "twins|kids|children|sons|daughters|girls|boys",
        r"^(?:my|our|(?:I|we) have) (?P<kin>twins|kids|children|sons|daughters|girls|boys)(?:,| are| named| called"
        r"| -)? "
        r"\(?(?P<a>(?-i:[A-Z])[\w'-]+)(?:, (?P<b>(?-i:[A-Z])[\w'-]+),?)? and (?P<c>(?-i:[A-Z])[\w'-]+)\)?(?:$|,.*$"
        r"| (?=[a-z]).*$)",
        _children,
    ),
    # what was named last, and its new value
    _rule("spel|written", r"^(?P<s>.{3,60}) is (?:spelled|spelt|written) (?P<to>(?-i:[A-Z])\w+)", r"\g<s> is \g<to>"),
)


# The rules that each word lets through.
_GATES = {word: [n for n, (gate, _, _) in enumerate(_RULES) if word in gate] for gate, _, _ in _RULES for word in gate}
# Who stood first ("My wife and I") stands inside now.
_OWNER = re.compile(r"(?<= )(?:My|Our)(?= )")


def plainer(sentence: str) -> str:
    """The sentence in one plain statement, where a rule knows it."""
    low = sentence.lower()
    found = [word for word in _GATES if word in low]
    for number in sorted({n for word in found for n in _GATES[word]}):
        _, pattern, to = _RULES[number]
        if m := pattern.match(sentence):
            said = (to(m) if callable(to) else m.expand(to)) + sentence[m.end() :]
            return _OWNER.sub(lambda own: own.group().lower(), said)
    return sentence
