"""Splits what somebody says into plain statements, and leaves out what states nothing.

What is left out: code, quotations, questions, requests, conditions, guesses, make-believe, jokes. Linear in the length
of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from memlayer.extraction._rewrites import plainer
from memlayer.extraction._takeback import is_takeback
from memlayer.extraction._words import KIN

LONGEST = 20_000
"""Characters of one message that are read; the rest is a pasted document and not talk."""
_LONGEST_SENTENCE = 600


@dataclass(frozen=True, slots=True)
class Clause:
    """One statement in the speaker's words, contractions written out."""

    text: str
    correction: bool = False
    """The speaker takes back what was said before."""
    greeted: bool = False
    """It follows a greeting, so "I'm Xerxes" gives a name."""
    aside: str = ""
    """A clause of time that stood in front: "when I was ten"."""


def _re(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


class _Gated:
    """A pattern that is looked for only where one of its words (parted by bars) stands: searching for many costs."""

    def __init__(self, words: str, pattern: str) -> None:
        self._words = tuple(words.split("|"))
        self._pattern = _re(pattern)

    def search(self, text: str) -> bool:
        low = text.lower()
        for word in self._words:  # `any` costs twice as much
            if word in low:
                return self._pattern.search(text) is not None
        return False


_CODE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_QUOTE_MARKS = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "\u00a0": " ", "\t": " ", "\r": "\n"})
_LINK = re.compile(r"https?://\S+|www\.\S+")
_LINE_OUT = re.compile(
    r"^\s*(?:>|#|\||//|\$ |import |from \w+ import|def |class |return |const |let \w+ =|var |function|<\w+|@\w+\("
    r"|SELECT )|[{};]\s*$|=>|==|\w\(\w{0,40}\)"
)
_BLANKS = re.compile(r"[^\S\n]{2,}")  # patterns would try every way to share them out
_BULLET = re.compile(r"^\s*(?:[-*•–]|\d{1,2}[.)])\s+")
_FICTION = _Gated(
    "pretend|role|make-believe|imagin|act as|act like|hypothet|you are|character|kidding|jk|joking|no one ever"
    "|in this|in my|example|sample|/s",
    r"\b(?:pretend|role-?play|make-believe|imagine (?:that|you|I|we|a|being)|let's imagine|act as (?:a|an|if|my)"
    r"|act like|hypothetically"
    r"|(?:from now on,? )?you are (?:now )?(?:a|an|the|my) |stay in character|just kidding|jk\b|only joking"
    r"|said no one ever|in (?:the|this|an|my) (?:sample|example)(?: sentence| text|(?=,))|in this (?:story|scenario"
    r"|game)|in my (?:dream|novel|story|book|screenplay)\b(?! club)|my character)\b|(?:^"
    r"|\s)/s(?:\s|$)",
)
_PASTED = _re(
    r"^(?:please |can you |could you |would you |help me )*(?:translate|proofread|rewrite|rephrase|paraphrase"
    r"|summari[sz]e|edit|correct"
    r"|fix|improve|check|review|analy[sz]e|write|compose|draft|generate|create|complete|continue|classify|answer)\b"
)
_MADE_UP = _re(
    r"\b(?:story|poem|song|lyrics|essay|script|dialogue|letter|email|cover letter|speech|joke|sentence|paragraph"
    r"|text|article|message|post|sentences|following|conversation|tweet|review|passage|bio)\b"
)
_HERE_IS = _re(
    r"^here(?: is|'s) (?:my|the|an?) (?:\w+ )?(?:essay|text|draft|cover letter|letter|e-?mail|paragraph|article|poem"
    r"|speech|bio|cv|resume|code)\b"
)
_THIS = re.compile(r"\b(?:this|these|it)(?: for me| please)?$")
_END = re.compile(r"[.!?…]+[\"')\]]*(?=\s|$)|\n+")
# One letter is an initial, unless it is one of a row: "row C", "plan B".
_LETTERED = "row plan vitamin type class group team option section platform gate hall zone building room block".split()
_ABBREVIATED = re.compile(
    r"(?:\b(?:Dr|Mr|Mrs|Ms|St|Prof|vs|etc|e\.g|i\.e|No|approx|Mt|Jr|Sr)"
    rf"|{''.join(f'(?<!{w} )(?<!{w.capitalize()} )' for w in _LETTERED)}\b[A-Z](?:\.[A-Z])*)$"
)
_HALF_DAY = re.compile(r"\b[ap]\.?m$")
_SPOKEN = re.compile(r"\b(?:I|I'm|me|my|we|our|you)\b", re.IGNORECASE)
_SAID = _re(r"\b(?:said|says|say|told|tells|asked|asks|quote|wrote|goes|replied)\b[^\"]{0,24}$")
_QUOTED = re.compile(r"\"[^\"]{1,400}\"")

_SHORT = {
    "i'm": "I am", "im": "I am", "i've": "I have", "ive": "I have", "i'll": "I will", "we're": "we are",
    "we've": "we have", "we'll": "we will", "they're": "they are", "they've": "they have", "won't": "will not",
    "can't": "cannot", "cant": "cannot", "can not": "cannot", "dont": "do not", "doesnt": "does not",
    "didnt": "did not", "ain't": "am not", "i'd": "I would", "we'd": "we would", "gonna": "going to",
    "wanna": "want to", "gotta": "have to",
}  # fmt: skip
_I_HAD = _re(r"\bi'd (?=been|had|gone|always|never|just|already)")
_SHORTENED = _re(rf"\b(?:{'|'.join(_SHORT)})(?!\w)")
_NOT = _re(r"\b(do|does|did|is|are|was|were|have|has|had|would|could|should)n't(?!\w)")
_HAS = _re(r"\b(she|he|it|that|there)'s (?=been|got|had|gone|moved|started|just|lived|worked)")
_IS = _re(r"\b(she|he|it|that|there|name|favou?rite \w+)'s(?!\w)")
_LOOSE_SPELLING = ("im", "ive", "dont", "doesnt", "cant", "didnt", "gonna", "wanna", "gotta", "can not")

_LEAD = _re(
    r"^(?:(?P<fix>(?:oh |no,? |oops,? |um,? |sorry,? )*(?:actually|no,? wait|wait,? no|wait|scratch that"
    r"|correction|typo|i meant|i mean|oops|whoops|hang on|hold on|sorry|my bad|my mistake"
    r"|let me correct (?:that|myself)|i misspoke|i (?:just )?(?:looked|checked|double-checked)(?: it| that)?(?: again)?"
    r"(?: and)?|i lied))[,.:;!—-]*\s+(?:to say\s+|that\s+|it is\s+)?"
    r"|(?P<hi>(?:hi|hello|hey|good (?:morning|evening|afternoon)|greetings)(?: there| everyone| all| again| guys"
    r"| folks|\s[A-Z]\w+)?)\s*[,.!-]+\s*"
    r"|(?:well|oh|yeah|yes|yep|yup|no|nope|nah|ok|okay|anyway|anyways|honestly|basically|btw|by the way"
    r"|oh by the way|fyi"
    r"|just so you know|you know|thanks|thank you|sure|wow|haha|lol|definitely|absolutely|of course|personally"
    r"|to be honest"
    r"|tbh|in fact|lately|recently|nowadays|these days|currently|right now|sorry|unfortunately|luckily|fortunately"
    r"|sadly|for context"
    r"|for the record|plus|really|great|cool|nice|hmm|um|uh|in general|speaking of [^,]{2,60}|good news|guess what|also"
    r"|so|then|as for me|for me|as a matter of fact|as you know|remember|please remember|note|hey|hi|now|finally"
    r"|not gonna lie|please remember that|remember that|did you know that|(?:it |as it )?turns out(?: that)?"
    r"|you should know(?: that)?|just to let you know|i told you"
    r"|same here|me too|totally|exactly|true|agreed|so true|awesome|amazing|sweet|congrats|aww|ah|ooh|man"
    r"|dude)\s*[,.!:;—-]+\s*"
    r"|(?:and|but|so|also|plus|because|since then|anyway|actually|honestly|hey|well|yeah|oh|remember that|note that"
    r"|please remember(?: that)?|(?:it )?turns out(?: that)?|thanks (?:so much|a lot)?|though)\s+(?=(?:I|my|we"
    r"|our|he|she|they|actually|also|currently|just)\b)"
    r"|I (?:also |just )?(?:should|must|have to|forgot to|want to|wanted to|would like to) (?:mention|say"
    r"|tell you|add|let you know|share)(?: with you)?(?: that)?:?\s+(?=(?:I|my|we)\b)"
    r"|I (?:just |recently |also )?(?:found out|learned|discovered)(?: recently)?(?: that)?\s+(?=I (?:am|have)\b)"
    r"|the (?:thing|fact|truth) is,?\s+(?:that\s+)?)"
)
_VOCATIVE = re.compile(r"^[A-Z][a-z]+[,!]\s+(?=(?:I|my|My|we|We)\b)")
_ASIDE = _re(
    r"^(?:just )?((?:when|once|after|before|while|during|ever since|since|as) (?:I|we|my|our|the|being|moving|\w+ing"
    r"|\w+) [^,]{0,80}),\s+(?=\S)"
)
_CAUSE = _re(r"(?:since|as) (?!last|\d|yesterday)")
_WHEN = (
    r"(?:night|week|weekend|month|year|summer|winter|spring|fall|autumn|semester|(?:mon|tues|wednes|thurs|fri"
    r"|satur|sun)day|january|february|march|april|may|june|july|august|september|october|november|december|christmas"
    r"|thanksgiving)\b"
)
_TIME_FIRST = _re(
    rf"^(?:just |only |so )?((?:(?:every|each) (?:other |single |second )?(?:day|{_WHEN}|morning|evening)"
    r"|on (?:(?:(?:mon|tues|wednes|thurs|fri|satur|sun)days|weekends|weekdays)(?:,? and |, )?){1,3}"
    r"|(?:on )?most (?:days|weekends|mornings|evenings|nights|(?:mon|tues|wednes|thurs|fri|satur|sun)days)|at weekends"
    r"|in the (?:mornings?|afternoons?|evenings?)|at (?:work|home|school|night|lunch)|in my (?:free|spare) time"
    r"|(?:after|before) (?:work|school|dinner|lunch|breakfast|bed)|for (?:breakfast|lunch|dinner|dessert)"
    r"|(?:once|twice|(?:three|four|five|\d) times) (?:a|per|every) (?:day|week|month|year)|these days|nowadays"
    r"|from now on"
    rf"|(?:lately|recently)(?= I| we)|since (?:the|my|our"
    rf"|last|this) [\w ]{{2,20}}?(?= I | we | my | our )|now(?= my| our)|as of (?:today|now|yesterday"
    rf"|last \w+|this \w+|(?-i:[A-Z])\w+))\b|(?:(?:on|in|at|over|during|early|late|back in"
    rf"|around)\s)?(?:the\s)?(?:yesterday|today|tonight|tomorrow"
    rf"|(?:last|next|past|this|this past) {_WHEN}|this (?:morning|afternoon|evening)|(?:\d+|an?|\w+) (?:day|week"
    rf"|month|year)s? ago"
    rf"|a (?:few|couple of|couple) \w+ ago|other day|{_WHEN}(?: \d+\w*)?(?:,? \d{{4}})?|(?:19|20)\d\d|few weeks ago)"
    r"(?: (?:morning|afternoon|evening|night))?),?\s+(?:just\s+)?(?=(?:I|we|my|our)\b)"
)
_QUESTION_TAIL = _re(
    r"[,;:.]\s*(?:(?:but|and|so|or)\s+)?(?:(?:do|does|did|can|could|would|will|should|shall|is|are|was|were|have"
    r"|has|am|isn't|aren't|don't)\s+"
    r"(?:I|you|we|they|he|she|it|there|that|this|the|my|any|someone|anyone)\b|(?:what|where|when|who|how|why|which"
    r"|whose|any)\b).*$"
    r"|\s+(?:and|so|but)\s+(?:what|where|how|why|which|can you|could you|do you|would you|should I|is there"
    r"|are there)\b.*$"
)
# "Should I bring a coat, since I live in Oslo?" says where the speaker lives.
_TOLD_IN_PASSING = _re(
    r"(?:, (?:since|as|because)|,? (?:considering|given|seeing)(?: that| how)?) (?P<what>(?:I|we|my"
    r"|our) (?!was wondering\b).+)$"
)
_OPENS_QUESTION = _re(
    r"^(?:do|does|did|can|could|would|will|should|shall|is|are|was|were|have you|has|had|am I|may I|what|where"
    r"|when (?:is|are|do|did|will)|who|how|why|which|whose|any|isn't|aren't|don't you|didn't you)\b"
)
_OPENS_CONDITION = _re(
    r"^(?:if|unless|suppose|supposing|imagine|what if|even if|in case|assuming|had I|should I|were I|let's say"
    r"|say I|as long as|whether|provided|let's|please(?! call me\b)|tell me|give me|show me|help me|find|recommend"
    r"|suggest|explain|remind me|make sure|don't forget)\b"
)
_CONDITION = _Gated(
    "if|unless|whether|though|assuming|case|provided|hypothet|supposedly|allegedly|apparently",
    r"\b(?:if|unless|whether|as if|as though|assuming|in case|provided that|hypothetically|supposedly|allegedly"
    r"|apparently not)\b",
)
_IF_TAIL = _re(
    r",? (?:just )?in case\b.*$|,? to (?:see|check|find out) (?:if|whether)\b.*$"
    r"|,?\s*(?:just )?(?:in case|if) (?:that|it|this|you|you're|anyone|any of)\b.{0,40}$"
)
_GUESS = _Gated(
    "maybe|perhaps|probabl|possibl|might|not sure|guess|suppose|wish|wonder|think|doubt|bet|could|would|should|may "
    "|must|hopefully|almost|nearly|dream|thought|consider|necessarily|yeah right|as usual|feel|felt|sound|look|seem",
    r"\b(?:maybe|perhaps|probably|possibly|might|not sure|I guess|I suppose|I wish|wish I|I wonder|wondering"
    r"|I think I|I doubt|I bet|I could"
    r"|I would|we would|we could|I should|I may|could have|would have|should have|may have|must have been"
    r"|hopefully|almost (?:bought|moved|got|married)"
    r"|nearly (?:bought|moved|got)|dreamed|dreamt|used to think|thought I|thought about|considering|thinking (?:of"
    r"|about)|not necessarily"
    r"|would be|would love|would like|would rather|yeah right|as usual, not|supposed to|feel like|felt like"
    r"|sounds? like|looks? like|seems?)\b",
)
_SARCASM = _Gated(
    "love|enjoy|because|oh |oh,|just what",
    r"^(?:oh|yay|great|wow),? (?:great|joy|wonderful|fantastic|perfect|brilliant|lovely|yay"
    r"|super)\b.*(?:\bI (?:just |so |totally"
    r"|absolutely |really )+(?:love|enjoy|adore|want|need)\b|, another\b|just what I (?:needed|wanted))"
    r"|^(?:(?:yeah|sure|right|yep|oh|ok),? )+because (?:obviously |clearly )?(?:I|we) (?:just|so|totally|absolutely"
    r"|really|obviously|clearly|definitely)\b"
    r"|\bI (?:just |so |totally |absolutely )+(?:love|enjoy|adore) (?:it when (?:my|the|people|they|he|she|someone"
    r"|nobody)"
    r"|(?:being|getting) (?:\w+ )?(?:ignored|stuck|yelled|blamed|interrupted|woken|lied|fired|robbed|dumped|sick"
    r"|rained)|(?:sitting|being|getting stuck|standing) in (?:traffic|line|queues?|meetings)|waiting (?:for|in|on)"
    r"|paying (?:taxes|fines|bills|rent))",
)
_FIRST_PERSON = {
    "is": "am", "has": "have", "does": "do", "lives": "live", "works": "work", "hates": "hate", "loves": "love",
}  # fmt: skip
_AS_ONE = _re(
    r"^(?:so |well |speaking )*as (?:someone|somebody|a person|one) who (?P<verb>is|has|does|lives|works|hates"
    r"|loves|cannot) (?P<what>(?!been\b)[^,]{3,80})(?:,|$)"
)
_HEARSAY = _re(
    r"\b(?:said|says|told|thinks|asked|claims|claimed|jokes?|joked|believes|heard|assumes?|assumed|reckons"
    r"|read):? (?:me |us |everyone |that )*(?:I|we|my|that)\b"
)
# "With my wife and our two kids on Sundays": who comes along says nothing.
_ALONG = (
    rf"(?:my|our) (?:[\w-]+ ){{0,2}}?(?:{'|'.join(KIN)}|family|folks|dogs?|cats?)(?:s|ren)?(?: (?-i:[A-Z])[\w'-]+)?"
    r"(?=$|[,.;]| (?:on|at|in|for|every|each|with|to|from|near|around|last|next|this|during|after|before|when|while)\b)"
)
_SPLIT = _re(
    r"\s*;\s+|\s*[–—]\s*|\s*-{1,2}\s+|--+|—|\s*,?\s+(?:and|but|so|though|although|because|yet|plus|while"
    r"|whereas)(?:\s+(?:also|now|currently|then))?\s+"
    rf"(?=(?:I|I'm|we|my|our|he|she|they|it|that|this|there)\b)(?!{_ALONG})|,\s+(?=(?:I|I'm|my|we|he|she|they|it)\b)"
    r"|,\s+(?=which\s)|,\s+who\s|\s+because\s|,\s+so\s|:\s+(?=(?:from now on|I|my|we|actually|his|her|their|our|the)\b)"
    r"|,?\s+(?:and |so )?(?=no more \w)|,\s+(?=(?:our|the new|from now on)\b)"
)
_SHARED = _re(
    r",\s+(?=(?:started|moved on to|switched to|am now|is now|sold|quit|bought) \w)|,?\s+(?:and|but"
    r"|,)\s+(?=(?:also |now |just |recently |currently |still |really |absolutely "
    r"|never )*(?:do not|don't|does not|doesn't|cannot|can't|never"
    r"|no longer|(?:live|lives|living) (?:in|with|alone)|(?:work|works) (?:at|for|as|in)|(?:hate|love|like|dislike"
    r"|enjoy|prefer|adore|have|has|own|owns|am|is|hates|loves"
    r"|likes|dislikes|enjoys|prefers|moved|started|got|bought|joined|quit|left|stopped|adopted|speak|speaks|drive"
    r"|drives|study|studies|was|went|met|married"
    r"|finished|graduated|recently|used to|have been|switched|cancell?ed|sold|dropped|signed|upgraded|traded"
    r"|became|turned|needs(?= an? )|wears|carries|teaches|(?<=still )[a-z]+s|(?<=now )[a-z]{3,}s"
    r"|gave up|began|changed|become|took up|retired) \w))"
)
_REPAIR = _re(
    r"^(?P<said>.{3,200}?)[,.;…—-]+\s*(?:no,? wait|wait,? no|no,? sorry|sorry|scratch that|correction|i mean"
    r"|i meant|or rather|(?:actually,? )?make (?:that|it)|actually,? it is|oops)[,.:]*\s+"
    r"(?:i meant? |i mean,? |make that |it's |it is |rather )?(?P<new>[\w' -]{1,40})[.!]*$"
)
_LAST = re.compile(r"^(?P<head>.*\s)(?P<old>[A-Z][\w'-]*(?:\s[A-Z][\w'-]*)*|\S+)$", re.DOTALL)
_LOOSE = _re(
    r"^(?:oh,? |um,? )?(?:actually|wait|hang on|hold on)\b(?!.{0,12}\b(?:i meant|i mean|no|sorry|it is|he is"
    r"|she is|that is)\b)"
)
_BARE_IS = _re(r"^(?:it|that|she|he|the number|the name|his name|her name) (?:is|was|should be) (?:actually )?")
_BARE = _re(
    r"(?:(?:it|that|she|he|the number|the name|his name|her name) (?:is|was|should be) (?:actually )?)?"
    r"(?!(?:is|are|was|my bad|my mistake|it|that|this|you|we|they|there|what|how|not|no|yes|i|he|she"
    r"|my)\b)[\w'@+.-]+(?:,? (?!is\b|are\b|was\b)[\w'@+.-]+){0,3}"
)
_THIS_NOT_THAT = _re(r"[\w'+#-]+(?: [\w'-]+){0,2}(?:,| and) not [\w'+#-]+(?: [\w'-]+){0,2}")
_WRONG = _re(
    r"\b(?:I (?:misread|misheard|misremembered|mixed (?:it |that |them )?up|got (?:it|that|this) wrong|was wrong"
    r"|misspelled|mistyped)|typo\b|correction:|not the other way)"
)
_MISSPOKE = _re(
    r"^(?:(?:oh|no|sorry|oops|um|wait|actually)[,.]? )*(?:(?:I (?:said|got|had) (?:that|it) wrong|my mistake"
    r"|I misspoke|correction|scratch that|let me correct (?:that|myself))\W*|I meant?:? (?!it\b|that\b"
    r"|this\b)[\w' -]{1,30}(?:,.{0,80})?)$"
)


def clauses(text: str) -> Iterator[Clause]:
    """The plain statements of a message, in order."""
    cut = len(text) > LONGEST
    text = _clean(text[:LONGEST])
    if _FICTION.search(text):
        return
    greeted = carried = False
    for sentence, ending in _sentences(text):
        pasted = _PASTED.search(sentence) and (_MADE_UP.search(sentence) or ":" in sentence or _THIS.search(sentence))
        if pasted or _HERE_IS.match(sentence):
            return  # what follows is a text to work on
        if len(sentence) > _LONGEST_SENTENCE or (cut and not ending):  # what the cut went through says half of it
            continue
        for clause in _statements(sentence, ending):
            yield Clause(clause.text, clause.correction or carried, clause.greeted or greeted, clause.aside)
        carried = bool(_MISSPOKE.match(sentence))  # the next sentence says what holds
        greeted = (
            bool(re.match((r"(?:hi|hello|hey|good \w+|greetings)\b"), sentence, re.IGNORECASE)) and len(sentence) < 40
        )


def _clean(text: str) -> str:
    """Talk only: without code, quoted lines, links and list marks."""
    text = text.translate(_QUOTE_MARKS)
    text = _LINK.sub("", _CODE.sub("\n", text))
    lines = (line for line in text.split("\n") if not _LINE_OUT.search(line))
    return _BLANKS.sub(" ", "\n".join(_BULLET.sub("", line) for line in lines))


def _sentences(text: str) -> Iterator[tuple[str, str]]:
    """(sentence without its end mark, the mark)."""
    start = 0
    for m in _END.finditer(text):
        if m.group()[0] == ".":
            before, after = text[max(start, m.start() - 12) : m.start()], text[m.end() : m.end() + 2].lstrip()
            if _ABBREVIATED.search(before) or (_HALF_DAY.search(before) and after[:1].islower()):
                continue
        if m.group().startswith(("..", "…")) and re.match(r"\s*(?:[a-z]|I\b)", text[m.end() : m.end() + 3]):
            continue  # a pause
        if sentence := text[start : m.start()].strip():
            closing = '"' if '"' in m.group() and sentence.count('"') % 2 else ""
            yield sentence + closing, m.group()
        start = m.end()
    if sentence := text[start:].strip():
        yield sentence, ""


def _statements(sentence: str, ending: str) -> Iterator[Clause]:
    """The statements of one sentence."""
    whole = sentence
    sentence = _QUOTED.sub(lambda m: "" if _is_speech(sentence, m) else m.group(), sentence)
    if repaired := _REPAIR.match(sentence):
        sentence, correction = _repair(repaired), True
    else:
        correction = False
    sentence = expand(sentence)
    lead, sentence = _strip_lead(sentence)
    sure = _BARE_IS.match(sentence) or not _LOOSE.match(whole)
    if (correction or lead.correction) and sure and _BARE.fullmatch(sentence.strip(" .!")):
        said = "I meant" if re.search(r"\bI mean", whole) else "it should be"
        yield Clause(f"{said} {_BARE_IS.sub('', sentence.strip(' .!'))}", correction=True)
        return
    said = f"it is {sentence}" if lead.correction and _THIS_NOT_THAT.fullmatch(sentence) else sentence
    sentence = plainer(said)
    plain = said if sentence == said else ""
    correction = correction or lead.correction or bool(_WRONG.search(sentence))
    if is_takeback(sentence):
        yield Clause(sentence, correction=True)
        return
    if m := _AS_ONE.match(sentence):
        yield Clause(_first_person(m), correction)
        return
    sentence = _told(sentence) if "?" in ending else sentence
    if "if " in sentence or "case" in sentence or "whether" in sentence:
        sentence = _IF_TAIL.sub("", sentence)
    if not sentence or _SARCASM.search(whole) or _states_nothing(sentence):
        return
    aside = ""
    if m := _in_front(sentence, _ASIDE, _TIME_FIRST):
        aside, sentence = "" if _CAUSE.match(m[1]) else m[1][:1].lower() + m[1][1:], sentence[m.end() :]
    for part in _split(_with_subject(sentence)):
        inner, part = _strip_lead(part if part == plain else plainer(part))
        if not aside and (m := _in_front(part, _TIME_FIRST)):
            aside, part = m[1][:1].lower() + m[1][1:], part[m.end() :]
        part = _DANGLING.sub("", part.strip(" ,.-:!"))
        if len(part.split()) >= 2:
            yield Clause(part, correction or inner.correction, lead.greeted or inner.greeted, aside)
        aside = ""


def _in_front(text: str, *patterns: re.Pattern[str]) -> re.Match[str] | None:
    """A time or clause of time in front of the subject, with which most statements begin."""
    if text.startswith(("I ", "My ", "We ")):
        return None
    return next((m for pattern in patterns if (m := pattern.match(text))), None)


def _told(question: str) -> str:
    """What a question states on the way; nothing where it only asks."""
    if told := _TOLD_IN_PASSING.search(question):
        return told["what"]
    kept = _QUESTION_TAIL.sub("", question)
    return "" if kept == question else kept


def _states_nothing(sentence: str) -> bool:
    """Whether a sentence asks, requests, supposes or reports what somebody said."""
    return bool(
        _OPENS_QUESTION.match(sentence)
        or _OPENS_CONDITION.match(sentence)
        or _CONDITION.search(sentence)
        or _HEARSAY.search(sentence)
    )


def _first_person(m: re.Match[str]) -> str:
    """ "someone who is allergic to nuts" in the speaker's own words."""
    verb = m["verb"].lower()
    return f"I {_FIRST_PERSON.get(verb, verb)} {m['what']}"


def _is_speech(sentence: str, m: re.Match[str]) -> bool:
    """Whether a quotation is somebody's words and not a title."""
    before = sentence[max(0, m.start() - 40) : m.start()]
    inside = m.group()
    if inside.count(" ") < 2 and not re.search(r"\bI\b", inside):
        return False
    title = sum(w[:1].isupper() for w in inside.strip('"').split()) * 2 > inside.count(" ") + 1
    return bool(_SAID.search(before)) or (bool(_SPOKEN.search(inside)) and inside.count(" ") >= 3 and not title)


def _repair(m: re.Match[str]) -> str:
    """The statement with its last word replaced by the one that was meant."""
    new = m["new"].strip()
    if len(new.split()) > 3:
        return new
    last = _LAST.match(m["said"])
    return f"{last['head']}{new}" if last else new


def expand(text: str) -> str:
    """Writes contractions out."""
    if "'" not in text:
        low = text.lower()
        if not any(word in low for word in _LOOSE_SPELLING):
            return text
    text = _SHORTENED.sub(lambda m: _SHORT[m.group().lower()], _I_HAD.sub("I had ", text))
    if "'" in text:
        text = _IS.sub(r"\1 is", _HAS.sub(r"\1 has ", _NOT.sub(r"\1 not", text)))
    return text


def _strip_lead(text: str) -> tuple[Clause, str]:
    """Takes greetings, fillers and words of correction off the front; at most six."""
    correction = greeted = False
    for _ in range(6):
        m = _LEAD.match(text) or _VOCATIVE.match(text)
        if not m:
            break
        groups = m.groupdict()
        correction = correction or bool(groups.get("fix"))
        greeted = greeted or bool(groups.get("hi"))
        text = text[m.end() :]
    return Clause("", correction, greeted), text


def _split(sentence: str) -> Iterator[str]:
    """Parts with a subject of their own; "and hate cheese" takes over the subject before it."""
    for part in _SPLIT.split(sentence):
        subject = ""
        for piece in _SHARED.split(part):
            piece = piece.strip()
            if subject and _LOVED.match(piece) and _LOVED.search(part[: part.find(piece)]):
                continue  # "the peace and love theme"
            if not subject:
                m = _SUBJECT.match(piece)
                subject = m.group() if m else ""
                yield piece
            else:
                yield f"{subject}{piece}"


_DANGLING = _re(r",\s*(?:where|which|who|that|exactly|specifically|especially|including|like)(?:\s[\w']+){0,2}$")
_LOVED = _re(r"\b(?:love|like|loves|likes)\b")
_SUBJECT = re.compile(r"(?:I|We|we|(?:[Mm]y|[Oo]ur) [\w-]+(?: [A-Z]\w+)?|She|He|she|he|[A-Z]\w+)\s")


_ELIDED = re.compile(
    r"^(?:(?:Just|Recently|Finally|Also|Lately) (?=(?:been|got|had|went|saw|met|took|made|came|ran|began"
    r"|\w{2,}ed)\b)|(?=(?:Went|Started|Finished|Parked|Sold|Cancelled|Canceled|Switched"
    r"|Bought|Lost (?:my|our)|Won|Quit (?:my|\w+ing)|Attended|Hosted|Joined|Moved|Adopted|Visited|Signed up"
    r"|Graduated|Got (?:an?|my|engaged|rid of|let go|\w+ed\b|laid off)|Had (?:an?"
    r"|my))\b)|(?=Been \w+ing\b)|(?=Done with\b))"
)


def _with_subject(text: str) -> str:
    """Gives talk such as "Just moved to Berlin!" or "Been painting a lot" the subject that it leaves out."""
    m = _ELIDED.match(text)
    if not m:
        return text
    text = f"{m.group().lower()}{text[m.end() :][:1].lower()}{text[m.end() + 1 :]}"
    if text.startswith("done"):
        return f"I am {text}"
    return f"I have {text}" if text.startswith("been") or " been " in text[:14] else f"I {text}"


def is_guess(text: str) -> bool:
    """Whether a statement is a wish, a guess or a thought rather than a fact."""
    return _GUESS.search(text)
