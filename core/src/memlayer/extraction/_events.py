"""What happened, what is going on and what is planned: statements worth keeping that fill no single slot."""

from __future__ import annotations

import re
from dataclasses import dataclass

from memlayer.extraction._standing import stands


def _re(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Happening:
    """What a predicate tells."""

    attribute: str | None
    value: str | None
    importance: float


_FILLER = _re(
    r"^(?:(?:just|recently|finally|also|already|actually|really|even|once|still|both|all|then|first|ultimately"
    r"|currently|now"
    r"|officially|last|(?:have|has|had)(?=\s(?:(?:just|also|recently|finally|already|even)\s)?(?:\w+ed|been|gone"
    r"|got|gotten|bought"
    r"|won|made|met|seen|taken|begun|built|written|run|found|lost|become|read|set|signed|done|given|sold|taught"
    r"|grown)\b))\s)+(?=[a-z])"
)
_TENS = "(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)"
_BODY = _re(
    r"^(?:am|is) (?:\d+ (?:weeks|months) |newly |currently )?pregnant(?=$|[,.;!]| (?:with|too|again|now|and)\b)"
    rf"|^(?:turn|turns|will turn|is turning|am turning) (?:\d{{1,3}}|{_TENS}(?:-\w+)?|\w+teen|ten|eleven|twelve)\b"
    r"|^(?:always|usually|only) (?:fly|flies|shop|shops|order|orders|book|books|stays?) (?:with|at|from) "
    r"(?-i:[A-Z])(?!.* never again)"
    r"|^(?:have |has |had |just |recently )*(?:broke|broken|fractured|sprained) (?:my|his|her|an?) (?:left "
    r"|right )?(?:arm|leg|wrist"
    r"|ankle|foot|toe|finger|nose|rib|collarbone|hip|hand|elbow|knee|shoulder)\b"
)
# No employer has a name here, so it fills no slot: "a hospital" may be the one that was named before.
_WORKPLACE = _re(
    r"^(?:am |is )?work(?:s|ing)? (?:full[- ]time |part[- ]time |nights )?(?:at|in"
    r"|for) an? (?:[a-z-]+ ){0,2}?(?:call cent(?:er|re)"
    r"|bank|hospital|school|clinic|restaurant|supermarket|start-?up|bakery|library|law firm|warehouse|hotel|caf[eé]"
    r"|factory|university|bookstore|bookshop|pharmacy|museum|daycare|kindergarten|nursing home|farm|brewery|nonprofit"
    r"|non-profit|charity|consultancy|agency|lab|garage|salon|gym|studio|laboratory|shop|store|nursery)"
    r"(?=$|[,.;!]| (?:in|near|as|and|downtown|now|but|on)\b)"
)
_STRONG = _re(
    r"^(?:graduated|won\b|was reassigned|been reassigned|gave birth|passed away|died|adopted|launched|published"
    r"|opened (?:my|our|a|an|the)"
    r"|founded|co-?founded|retired|quit|enrolled|"
    r"signed up|was diagnosed|were diagnosed|got (?:married|engaged|divorced|promoted|accepted|hired|fired"
    r"|laid off|my (?:degree|license|diploma|certificat\w+|visa|first|green card)"
    r"|an? (?:\w+ )?(?:job|raise|promotion|scholarship|tattoo|offer|internship|puppy|kitten|dog|cat))|broke (?:my"
    r"|his|her)|had (?:surgery|a baby|an accident|a miscarriage|an operation|a heart attack|a stroke)"
    r"|moved|bought|sold (?:my|our)|joined|started (?:an?|my|our|\w+ing)|stopped \w+ing|finished (?:\w+ing|my|our)"
    r"|completed|was born|grew up|worked (?:as|at|for|in)|lived (?:in|with|abroad)"
    r"|studied|majored|performed|competed|hosted|organi[sz]ed|volunteered|donated|learned (?:to|how)|earned"
    r"|received|applied (?:to|for)|built|wrote an?|recorded"
    r"|lost (?:my|his|her|our)|ran (?:an?|my|the) (?:\w+ ){0,2}(?:ultra-?)?(?:race|marathon|half|5k|10k)"
    r"|failed (?:my|the)"
    r"|passed (?:my|the)|became|raised|taught (?:me|us) (?:how )?to|created (?:an?|my)|took up|switched (?:to"
    r"|from)|inherited"
    r"|dropped out of|got into (?=(?-i:[A-Z])|(?:an? |the )?(?:\w+ )?(?:school|college|university|program))"
    r"|was accepted|slipped (?:on|in|off)|tripped over"
    r"|tore (?:my|his|her|an?)|dislocated|fractured|sprained"
    r"|registered (?:my|our|for|at|as)|divorced|separated|emigrated|immigrated|fled"
    r"|had (?:my|his|her|an?) (?:[\w-]+ ){1,3}(?:removed|taken out|replaced|replacement|operation|surgery|transplant))"
)
_WEAK = _re(
    r"^(?:went (?:to|on|for|back|camping|hiking|skiing|swimming|surfing|fishing|shopping|out|with|there)|visited"
    r"|travel+ed|flew|drove|hiked|camped|attended|met|saw|watched|read|cooked|baked|made"
    r"|painted|ordered|took|ate|tried|celebrated|spent|planted|got|had|played|ran|finished|came back|came to"
    r"|discovered|found|helped|saw|picked up|cleaned|fixed|repaired|installed|upgraded|set up|sent|paid"
    r"|used|wore|been|taught|wrote|talked|spoke|called|gave|drew|sang|danced|practiced|trained|participated"
    r"|presented|interviewed|booked|scheduled|(?:planned|arranged|reserved)(?! (?:to|on)\b)|decided|hurt|injured"
    r"|sprained|fell|crashed|missed|lent|borrowed"
    r"|returned"
    r"|invested|saved|harvested|repotted|adopted|invited|threw|brought|stayed|rented|listened|was (?:in|at)"
    r"|were (?:in|at)|started|began|led|redid|renovated|sold|shot|swam|biked|cycled|climbed|hitchhiked|backpacked"
    r"|trekked|sailed|walked|exchanged|added"
    r"|replaced)\b"
)
_ONGOING = _re(
    r"^(?:(?:am|are|is) |been |have been |has been )(?:currently |now |also |still |actually |really |just "
    r"|actively )?(?:learning|prepping for|getting ready for|studying|training|working (?:on|as|at|with|towards)"
    r"|writing (?!an? (?:\w+ )?(?:function|script|program|class|query|regex|test|email|method))|reading|taking (?:an?"
    r"|some|\w+ classes|care)|organi[sz]ing|preparing for|building"
    r"|volunteering|teaching|saving (?:up )?(?:for|to)|expecting|recovering|renovating|raising|collecting"
    r"|dealing with|struggling with|practi[sc]ing|playing|attending|running an?|developing|seeing a"
    r"|looking for an? (?:new )?(?:job|apartment|house|flat|roommate)|applying|job hunting|doing (?:an?"
    r"|my) (?:[\w'-]+ )?(?:PhD|doctorate|master's|masters|MBA|degree|internship|apprenticeship|residency"
    r"|traineeship|course)|remodeling|painting"
    r"|growing|planning (?:my|our|the|a|an)|following a|using|going to (?:the )?(?:gym|therapy|physical"
    r"|physio|yoga|church)|trying to (?:lose|quit|get pregnant|save|learn|become|cut|eat|cook|reduce|improve"
    r"|attend|exercise|spend"
    r"|practi[sc]e|drink|sleep|walk|read (?:more|at least)|be more))\b"
)
# What has been going on; what somebody has been thinking of, looking for or having trouble with is of the moment.
_BEEN = _re(
    r"^(?:have|has) (?:also |actually |already |just |really |mostly |always )?been (?!asking|being|considering"
    r"|debating|doing (?:(?:pretty|really|very|so) )?(?:my|our|well"
    r"|good|great"
    r"|ok|okay|fine)\b|dreaming|exploring|feeling|getting (?:an?|the|this|that|so|really|very)\b|going\b|having|hearing"
    r"|hoping|keeping|looking|making (?:slow|good|great|some|steady|progress)|meaning|noticing|putting|seeing|staring"
    r"|stuck|thinking|trying|waiting|wanting|wondering)\w+ing (?!it\b|them\b)\S+(?: \S+){2}"
    r"(?<!there)(?!.*\b(?:this (?!year|month|week|summer|winter|spring|fall|autumn)|that|those|these|so far"
    r"|last (?:chat|talk))\b)"
)
_PLAN = _re(
    r"^(?:(?:am|are|is) (?:going to (?=(?-i:[a-z]))|gonna|planning (?:to|on)|about to|excited to (?!see|hear"
    r"|know|be|have)"
    r"|scheduled to|hoping to|set to)"
    r"|plan to|plans to|planning to|intend to|intends to|will(?: be)?|decided to|have decided to|have to|booked"
    r"|have booked|have (?:an?"
    r"|my) (?:upcoming |big )?"
    r"(?:\w+ )?(?:appointment|interview|exam|surgery|flight|meeting|presentation|wedding|trip|deadline|recital"
    r"|game|race|tournament|conference|concert) |need to(?! remember\b)|(?:am|are) off to (?=(?-i:[A-Z]))"
    r"|(?:am|are) (?!asking|considering|doing (?:this|that|it)|dreading|feeling|getting (?!married|a (?:new|dog"
    r"|cat|puppy"
    r"|tattoo)|my\b|our\b)|having (?:trouble|issues|problems|difficult)|hoping|looking|planning|struggling|stuck"
    r"|thinking"
    r"|trying|using|wondering|working|worrying|writing (?:this|an? (?:script|function|test)))\w+ing)\b ?"
)
_PLAN_VERB = _re(
    r"^(?:be )?(?:visit|go|travel|fly|move|buy|start|get (?:married|engaged|promoted|into|a|an|my)|attend|host|run"
    r"|adopt|take|meet|see"
    r"|graduate|open|launch|learn|propose|finish|sell|apply|study|train|compete|perform|have|celebrate|volunteer"
    r"|publish|write|drive|retire|return|join|leave|create|reach|build|throw|drop|pick|call|interview|present|camp"
    r"|hike|paint"
    r"|spend|renovate|redecorate|remodel|repaint|quit|give up|replace|rent|switch to|bike|cycle|climb|plant|cut down"
    r"|save|propose|surprise|bring|bake|sail|marry|invite|organi[sz]e|donate"
    r"|on vacation|in|at|on)"
)
# What is asked of an assistant, or says too little to be a plan, day or no day.
_IDLE = _re(
    r"^(?:ask|be|check|discuss|do|find|get(?! (?:married|engaged|my|an?|promoted)\b)|give (?!an?\b|my\b|birth\b)"
    r"|know|let|look|make (?:it"
    r"|sure)"
    r"|say|see(?= (?:if|how|what|whether))|show|talk|tell|think|try|use|work on (?:it|this|that))\b"
)
_NO_PLAN = _re(
    r"^(?:will|have to|(?:am|are) going to) (?:definitely |probably |also |just |be sure |make sure |come|look|check"
    r"|try|keep|let|consider|need|give it|be (?:honest|back|happy|fine|ok|great|able|sure|fun)|do (?:that|it"
    r"|my best)|see (?:if|what|how|you)|take (?:that|it|your|a look|note)|think|get (?:back|it|that|to)|say|miss"
    r"|never|remember|use|add|ask|have to|go (?:with|for|ahead|check)|start (?:with|by))"
)
_GOAL = _re(
    r"^(?:(?:really |definitely |still |eventually |always |also )*(?:want(?:ed|s)?|hope|would (?:really )?love"
    r"|aim|intend|aspire|dream|hoping|am trying|am determined|have always wanted) (?:to|of)(?: one day| someday"
    r"| eventually)? (?:be able to )?)"
    r"(?P<v>(?:visit\w*|travel\w*|go(?:ing)? to (?!the|bed|that)|move|learn (?!more|from|about|what|the best)(?:to"
    r"|how to \w+|[A-Z]\w+)|becom\w+"
    r"|buy\w*|open\w*|start\w* (?:an?|my)|run\w* (?:an?|my|the|for)|writ\w+ an?|publish|lose \w+|quit|save"
    r"|get (?:married|a (?:dog|cat|puppy|degree|job|master)|into|in shape|fit|promoted|my (?:degree|license"
    r"|licence|diploma|master))|adopt|study\w*"
    r"|build\w* (?:an?|my)|retire"
    r"|work (?:as|in|at|for)|own|finish my|graduate|climb|complete an?|compete|help (?:people|kids|children"
    r"|others)|raise|have (?:kids|children|a family|my own)|own"
    r"|(?<=able to )(?:play|speak|swim|dance|sing|ski|surf|ride|climb|sail|paint|draw|walk|hike|afford|support|read))"
    r"\b.*)"
)
_NEGATIVE = _re(
    r"^(?:did not|was not|were not|have not|has not|had not|have never|had never|cannot|could not|do not|does not"
    r"|never)\b"
)
_EMPTY = _re(
    r"^(?:had|have had) (?:an? |such an? |the |so much |lots of |some |a really )?(?:blast|great|good|nice|fun"
    r"|best|amazing|awesome|wonderful|lovely)\b|\b(?:fun|great|good|nice|awesome|amazing|wonderful) (?:time|day"
    r"|chat|talk|one)$|^(?:had|got|found|made|took"
    r"|saw|was|were|been|gave|spent|tried|met|heard|felt|read|watched|used|ate|have|learned|started)(?: \w+){0,2}$"
    r"|\b(?:your|you)\b|^been trying to (?:access|reach|open|install|run|fix|find|figure|log|load|connect|solve"
    r"|understand)\b"
    r"|^(?:moved|changed|updated|installed|deleted|created|added|ran|started|fixed|upgraded|replaced) the"
    r" (?:file|code|line|server|script|table|column|row|package|function|test|page|button|image|folder|branch"
    r"|database)s?\b"
    r"|^(?:got|have|had) (?:it|this|that|some|your|to|lots?|the (?:idea|feeling|point|chance))\b|^(?:found|made"
    r"|took|gave|tried|saw|met|read|used|heard) (?:it|that|this|them|some (?:good|great)|the same|your|sense|sure"
    r"|note)\b|^(?:went|been) (?:well|great|fine|okay|ok|through|there|for it)\b"
)


_VAGUE = _re(
    r"^(?:am |are |is |been |have |has )?(?:been |just |also |actually |really |even ){0,2}\w+ing (?:on |at |as "
    r"|with |to )?"
    r"(?:it|this|that|these|those|them|as usual|since|for (?:a while|a long|ages|years|months|weeks|about|around"
    r"|over|\d))\b"
)
_SOMEBODY = _re(
    r"^\w+ (?:him|them|it|her(?! \w+)|her (?:at|in|on|for|to|from|with))\b|\b(?:for|with|to|of) (?:him|them"
    r"|it)$|\b(?:make|do|use|write) (?:this|it|that)$|\b(?:a few|some|(?<!-)one|ever since)$|\bof (?:it|them)\b"
    r"|\b(?:in|for|on|to|at|with) this (?!week|month|year|summer|winter|spring|fall|autumn|morning|afternoon"
    r"|evening)[a-z]+"
    r"(?:$|,| (?:for|since|and|but)\b)|(?<!moved )(?<!came )\bhere\b|^\w+ (?:hours |days |weeks "
    r"|time )?\w+ing (?:it|them)\b"
    r"|\b(?:to|at|with|of|about|for|from) (?:since|for (?:about|around|over|almost|\d|a|two|three|four|five|six))\b"
    r"|^(?:am |are |been |have been |has been )?working on (?:an?|some|my|our|this|these) (?:new |few "
    r"|small )?(?:projects?|things?|stuff)"
    r"(?: lately| recently| now)?$|^(?:am |been |have been )?working on one\b"
)
_DEATH = _re(r"^(?:died|passed away)\b")
_ALONE = _re(r"^(?:died|passed away|graduated|retired|proposed|got (?:engaged|married|divorced|promoted))\b")
_POINTS_BACK = _re(r"^(?:\w+ ){1,2}(?:it|that|this|there|them|those|these)\b|\bin one\b")


_PLANNING = _re(
    r"^(?:(?:am |are |is )(?:also |currently |now )?planning|(?:have |has |just |finally |already )*(?:booked|planned"
    r"|arranged|reserved)) (?P<what>(?:an?|my|our|the) (?:[\w-]+ ){0,4}?(?:trip"
    r"|vacation|holiday|weekend|visit|wedding|party|move|tour|cruise|retreat|honeymoon|flight|table|room)\b.*)"
)

# "Planned a trip in 2019" is over; "booked a flight last week" is not.
_ARRANGED = _re(r"^(?:planned|arranged|reserved)\b")


_EVERY = (
    r"\b(?:(?:every|each) (?:other |single |second )?(?:day|morning|evening|night|week|weekend|month|year|spring"
    r"|summer|autumn|fall|winter|christmas|easter|january|february|march|april|may|june|july|august|september"
    r"|october|november|december|(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b"
    r"|(?:every|each) (?:\d+|two|three|four|five|six|ten|few|couple of) (?:days|weeks|months|years)\b"
    r"|(?:on|most) (?:(?:mon|tues|wednes|thurs|fri|satur|sun)days|weekends|weekdays|mornings|evenings|nights)\b"
    r"|in the (?:mornings|evenings|afternoons)\b"
    r"|on (?:the )?(?:first|second|third|fourth|last) (?:mon|tues|wednes|thurs|fri|satur|sun)day (?:of|in)\b"
    r"|on (?:(?:mon|tues|wednes|thurs|fri|satur|sun)days?(?:, | and )){0,2}(?:mon|tues|wednes|thurs|fri|satur|sun)days?"
    r" (?:mornings|afternoons|evenings|nights)\b"
    r"|(?:once|twice|three times|four times|five times|\d times) (?:a|per) (?:day|week|month|year)\b)"
)
_USUAL = (
    r"(?:attend|babysit|bake|bike|bring|buy|call|check in on|clean|climb|coach|cook|cycle|dance|do(?! (?:it|that"
    r"|this|so|not)\b)|donate|drink|drive"
    r"|drop|eat"
    r"|exercise|fast|feed|fish|fly|get|give|go|have(?! (?:been|had|to|\w+ed)\b)|help|hike|host|jog|journal|lead"
    r"|let (?:us|me) (?!know|see)|lift"
    r"|listen|meditate|meet|make|mow|need(?= (?:an?|my|two|three|\d+) )|order|paint|pick|play|practi[sc]e|pray|read"
    r"|rehearse|ride|row|run|see|sell|shop|sing|skip|ski"
    r"|sleep|spend|stay|stretch|study|surf|swim|take|teach|train|travel|tutor|video call|visit|volunteer|wake|walk"
    r"|wash|watch|water|wear|weed|work|write)\b"
)
_ROUTINE = _re(
    rf"^(?:(?:always|usually|normally|also|still|now|often|typically|generally) )*{_USUAL}(?!.*\b(?:you|your)\b)"
    rf"(?!.* and {_USUAL})(?=.*?{_EVERY})"
)
_AGAIN = re.compile(_EVERY, re.IGNORECASE)
# "Usually" needs no day; what somebody usually gets or sees may be an error.
_HABIT = _re(
    r"^always (?:order|drink|eat|wear|buy|sleep|walk|cycle|fly|travel|cook|bake|swim|shop|carry|bring|sit)"
    r"(?!.*\b(?:you|your|this|these)\b)(?: \S+){2}"
    rf"|^(?:usually|normally|typically|generally|tend to|mostly) (?!get|give|go (?:with|for|through)|have|help|see"
    rf"|take (?:it|a look|care)){_USUAL}(?!.*\b(?:you|your|this|these)\b)(?! (?:it|them)\b)(?: \S+){{3}}"
)


_OFTEN = ("every ", "each ", "days", "ends", "ings", "noons", "ights", " a ", " per ")


def is_routine(predicate: str) -> bool:
    """Says whether a predicate of the first person tells what is done again and again: "call my dad every Sunday"."""
    if _HABIT.match(predicate):
        return True
    if not any(word in predicate for word in _OFTEN):
        return False
    m = _ROUTINE.match(predicate)
    return m is not None and not _POINTS_BACK.match(predicate) and len(_AGAIN.sub("", predicate).split()) >= 2


def _ahead(predicate: str, *, future: bool) -> Happening | None:
    """A goal or a plan."""
    if (m := _GOAL.match(predicate)) and not _POINTS_BACK.match(m["v"]):
        return Happening("goal", m["v"].strip()[:120], 0.5)
    if (
        (m := _PLAN.match(predicate))
        and not _NO_PLAN.match(predicate)
        and not _POINTS_BACK.match(predicate[m.end() :].strip())
        and not re.search(r"\b(?:you|your|yours|yourself)\b", predicate)
    ):
        what = predicate[m.end() :].strip()
        verb = m.group().strip()
        loose = verb.startswith(("will", "have", "am ", "are ")) and not verb.endswith((" to", " on"))
        sure = not verb.startswith("need") and _PLAN_VERB.match(what) is not None and len(what.split()) >= 2
        if len(what.split()) >= 1 and (future if loose else sure or (future and _IDLE.match(what) is None)):
            if verb.startswith(("have a", "have my")):
                what = predicate.partition(" ")[2]
            said = what if not loose or verb.startswith(("will", "have")) else f"{verb.split()[-1]} {what}"
            return Happening("plans", said[:120], 0.5)
    return None


def happening(predicate: str, *, own: bool, timed: int, future: bool, named: bool) -> Happening | None:
    """What a predicate in the form of the first person tells; None where it is not worth a fact.

    `own`: it is the speaker's, and no relative's; `timed`: how many of its words name a time; `future`: a time to
    come; `named`: it names somebody or something.
    """
    if ahead := _ahead(predicate, future=future):
        return ahead
    if _BODY.match(predicate) or _WORKPLACE.match(predicate):
        return Happening(None, None, 0.7)
    if stands(predicate, own=own):
        return Happening(None, None, 0.6)
    plain = _FILLER.sub("", predicate)
    if _NEGATIVE.match(plain) or _SOMEBODY.search(plain) or _EMPTY.search(plain):
        return None
    size = len(plain.split())
    if size - timed < (1 if _ALONE.match(plain) else 2):
        return None
    if _VAGUE.match(predicate):
        return None
    if (m := _PLANNING.match(predicate)) and (future or not timed or not _ARRANGED.match(plain)):
        return Happening("plans", re.split(r" and (?:need|want|would|am|are)\b", m["what"])[0][:120], 0.5)
    if _ONGOING.match(predicate) or _ONGOING.match(plain) or _BEEN.match(predicate):
        return Happening(None, None, 0.45) if size >= 4 else None
    if _STRONG.match(plain) and size >= 2 and (timed or named or size >= 4 or _DEATH.match(plain)):
        return Happening(None, None, 0.5)
    recently = size >= 6 and predicate.startswith(
        ("recently ", "just recently ", "actually recently ", "also recently ")
    )
    if _WEAK.match(plain) and size >= (3 if timed else 4) and (timed or named or recently):
        return Happening(None, None, 0.4)
    return None
