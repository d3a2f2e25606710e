"""Which slot of a person a predicate fills: "live in Berlin" -> lives_in Berlin. Precision before reach."""

from __future__ import annotations

import re
from dataclasses import replace

from memlayer.extraction import _daily as daily
from memlayer.extraction import _readings as to
from memlayer.extraction import _states as now
from memlayer.extraction import _things as things
from memlayer.extraction import _words as words
from memlayer.extraction._readings import Predicate, Reader, Reading


def _rule(reader: Reader, *pattern: str) -> tuple[re.Pattern[str], Reader]:
    return re.compile("".join(pattern), re.IGNORECASE), reader


def _given(attribute: str, value: str | None) -> Reader:
    """For a pattern that is the whole fact: "am diabetic"."""
    return lambda rest, said: [Reading(attribute, value, said.negated)]


_BE = r"(?:am|is|are|be|been|have been|has been)"
_HAD = r"(?:have |has )?"
_FAR = r"(?: (?:about |around )?[\w.]+ (?:km|kilomet(?:er|re)s|miles|minutes|blocks))?"
_SWITCHED = r"(?:switched|changed|gone|went|converted|upgraded|downgraded|migrated|moved)"
_RULES = (
    # one thing for another
    _rule(
        now.switched,
        rf"{_HAD}{_SWITCHED}(?: banks?| cars?| jobs?| phones?| everything| all (?:of )?(?:my"
        rf"|our) \w+)? (?:over )?from ",
    ),
    _rule(now.traded, rf"{_HAD}(?:traded|swapped|exchanged|replaced)(?: in)? "),
    _rule(now.left_for, rf"{_HAD}(?:left|quit) "),
    _rule(now.bank, rf"(?:{_BE} )?(?:bank|banks|banking) (?:with|at) |{_HAD}(?:switched|changed) banks? to "),
    _rule(now.switched_to, rf"{_HAD}(?:switched|migrated|converted|changed|moved)(?: over)? to "),
    _rule(daily.regular, r"(?:go|goes|going) to (?=[A-Z])"),
    _rule(
        now.habit,
        r"(?:go|goes|going) to (?:the |a |my )?(?=(?:gym|church|therapy|yoga|pilates|crossfit"
        r"|choir)\b)",
    ),
    _rule(
        now.upgraded,
        rf"{_HAD}(?:upgraded|switched|updated|moved|migrated) (?:to |(?=(?:the|my|our) .{{2,20}} to ))|(?:got"
        rf"|bought) (?=an? |the |my )",
    ),
    _rule(daily.phone, r"(?:have|has|own|owns|use|uses|using|carry|carries|am on|is on) (?=an? |the |my |[A-Z])"),
    _rule(now.new_thing, rf"{_HAD}(?:got|bought|have|has|purchased) (?=myself |ourselves |an? (?:brand )?new )"),
    _rule(now.major, rf"{_HAD}(?:switched|changed) (?:my|his|her|their) major "),
    # what is no longer theirs
    _rule(now.sold, rf"{_HAD}(?:sold|traded in|gave away|given away|got rid of|scrapped|totall?ed|wrecked) "),
    _rule(now.rehomed, rf"{_HAD}(?:had to )?(?:rehomed?|put|gave away|give away|given away) "),
    _rule(
        now.cancelled,
        rf"{_HAD}(?:had to |decided to |am going to )?(?:cancel|cancell?ed|closed|call off|called off|dropped|ended"
        rf"|terminated|unsubscribed from|stopped) ",
    ),
    _rule(now.not_going, rf"{_BE} (?:not )?(?:going|flying|travell?ing|visiting|moving)(?: to)? (?=[A-Z])"),
    _rule(
        now.decided_against,
        rf"{_HAD}(?:decided (?:not to|against) |changed (?:my"
        rf"|our) minds? about (?=\w+ing\b))",
    ),
    _rule(now.born, r"(?:had|welcomed|gave birth to|have had) (?=a |an |our )"),
    _rule(now.outgrown, rf"{_HAD}(?:outgrew|outgrown|grew out of|grown out of|got over|recovered from|beat|beaten) "),
    _rule(now.off, rf"(?:{_BE}|came|got|went) off "),
    _rule(now.no_longer_with, rf"{_BE} (?:with|at) "),
    _rule(now.dropped_out, rf"{_HAD}(?:dropped out of|graduated from|finished at) (?=[A-Z]|the Univ)"),
    _rule(now.transferred, rf"{_HAD}(?:transferred|switched|changed)(?: schools?| universit(?:y|ies))? to "),
    # the present one
    _rule(
        daily.rides,
        r"(?:take|takes|taking|catch|catches|catching|ride|rides|riding|commute by|commutes by|commuting by) ",
    ),
    *(
        _rule(daily.goes_by(way), rf"(?:{_BE} )?(?:{verb}){_FAR} (?:to|into) (?:work|school|the office|campus|uni)\b")
        for verb, way in (
            ("cycle|cycles|cycling|bike|bikes|biking", "bike"),
            ("walk|walks|walking", "foot"),
            ("drive|drives|driving", "car"),
        )
    ),
    _rule(now.title_of("reads"), rf"(?:{_BE} |started |began )reading |{_HAD}started (?=\")"),
    _rule(now.title_of("plays"), rf"(?:{_BE} |have been |has been )playing (?!for\b)"),
    _rule(
        things.volunteers,
        rf"(?:{_BE} )?(?:volunteer|volunteers|volunteering) (?:at|with|for) (?=the |an? |my |our "
        rf"|[A-Z])",
    ),
    _rule(
        lambda rest, said: [] if said.negated else [Reading("works_at", None, True)],
        rf"{_BE} (?:unemployed|jobless|out of (?:work|a job)|between jobs)\b",
    ),
    _rule(now.title_of("watches"), rf"(?:{_BE} |started |began )watching "),
    _rule(
        now.learns,
        rf"(?:{_BE} |{_HAD}started |began )?(?:learn|learns|learning) |(?:have |has )?taken up (?:learning )?",
    ),
    _rule(
        now.lessons,
        rf"(?:{_BE} )?(?:take|takes|taking|have|has|having|go to|goes to|going to|attend"
        rf"|attends) (?=.{{0,30}}(?:lessons|class))",
    ),
    _rule(
        now.member_with,
        rf"(?:{_BE} )?(?:pay|pays|paying|have|has|had|got|bought|signed up) (?=for |an? |the "
        rf"|my )",
    ),
    _rule(now.subscribed, rf"{_BE} subscribed to |(?:subscribe|subscribes|subscribed) to |(?:pay|pays|paying) for "),
    _rule(
        daily.lives_with,
        rf"(?:{_BE} )?(?:live|lives|living|share an? (?:flat|apartment|house|place)) (?=alone\b|with |by myself"
        rf"|on my own)"
        rf"|{_HAD}moved (?:back )?in (?=with )|{_HAD}moved (?:back )?(?=to (?:my|his|her|their) (?:parents|mom|mum"
        rf"|dad))",
    ),
    _rule(daily.moved_out, rf"{_HAD}moved out of (?=(?:my|his|her|their) )"),
    _rule(daily.plays_for, rf"(?:{_BE} )?(?:play|plays|playing) for |{_HAD}(?:signed with|signed for) "),
    _rule(
        daily.keeps,
        r"(?:keep|keeps|store|stores|stash|hide|hides|have been keeping|am keeping) (?=my |our "
        r"|the )",
    ),
    _rule(daily.moved_thing, rf"{_HAD}(?:moved|put) (?=my |our |the )"),
    _rule(
        daily.counted,
        rf"(?:have|has|own|owns|have got|got|{_HAD}(?:reached|hit|passed)|{_BE} (?:now )?(?:at|up to)"
        rf"|(?:have|has) (?:\w+ed|read|run|written|bought|made|sold|won|seen|done|built)) (?=\d|{daily.NUMBERS} )",
    ),
    _rule(daily.runs, rf"(?:{_BE} )?(?:run|runs|running|manage|manages|managing) (?=an? |my |our |the )"),
    _rule(
        daily.team,
        rf"{_BE} (?:on|in|part of) (?=(?:the|an?) [\w -]+ team\b)|{_HAD}(?:switched|moved"
        rf"|transferred) to (?=the [\w -]+ team\b)",
    ),
    _rule(daily.wears, r"(?:wear|wears) "),
    _rule(daily.rides_a, r"(?:ride|rides) (?=an? [A-Z])"),
    _rule(daily.floor, rf"(?:{_BE} )?(?:live|lives|living) on (?=the )"),
    _rule(daily.parked, r"(?:have |has )?parked "),
    _rule(daily.grade, rf"(?:{_BE} (?:now )?in|started|starts|entered|began|goes to) "),
    _rule(
        daily.measured("weight", "kg|kilos?|kilograms|lbs?|pounds|stone"),
        rf"(?:{_BE} down to |{_BE} up to |weighs?|{_HAD}(?:got|gone) down to ) ?",
    ),
    _rule(
        daily.measured("salary", r"k|(?:dollars|euros|pounds) a (?:year|month)|a (?:year|month|week)"),
        rf"(?:{_BE} )?(?:make|makes|making|earn|earns|earning) ",
    ),
    _rule(
        daily.clock("wake_up_time"),
        r"(?:have been |am |like to |usually )*(?:wake|wakes|waking|get|gets|getting) up (?=(?:at|around|about) )",
    ),
    _rule(
        daily.clock("bedtime"),
        r"(?:have been |am |like to |usually )*(?:go|goes|going) to (?:bed|sleep) (?=(?:at|around|about) )",
    ),
    _rule(daily.at_home, r"(?:work|works|working) (?:from home|remotely|(?:from|in|at) the office) "),
    _rule(daily.shift, rf"(?:work|works|working|switched to|moved to|{_BE} on) (?:the |a )?(?=\w+ shifts?\b)"),
    _rule(daily.saved, r"(?:have|has|got) (?=[$€£]?\d)"),
    _rule(daily.dose, rf"(?:{_BE} )?(?:take|takes|taking|on|down to|up to|back to) (?=\d)"),
    _rule(daily.rent, r"(?:pay|pays|paying) "),
    # home and origin
    _rule(
        to.home,
        rf"(?:(?:{_BE} )?(?:live|lives|living|reside|resides|residing)|{_BE} (?:based|settled)) ",
        r"(?:here |over |out |down |up |full[- ]time |together )?(?:in|out of) ",
    ),
    _rule(to.has_lived, r"(?:have|has) lived (?:here )?in "),
    _rule(
        to.moved,
        r"(?:have |has )?(?:moved|relocated|settled down|settled|retired|emigrated|immigrated)",
        r"(?: back| out| over| down| up| here| away| house| from [A-Z]\w+(?: [A-Z]\w+)?| to live){0,3} (?:to|in"
        r"|into) ",
    ),
    _rule(to.resident, rf"{_BE} (?:now )?(?:an? )?resident of |(?:call|calls) (?=[A-Z].{{1,30}} home\b)"),
    _rule(
        to.origin,
        rf"(?:{_BE} )?(?:originally )?(?:from|coming from) |(?:come|comes|hail|hails) (?:originally )?from ",
        r"|originally (?:come |am |is )?from |(?:am|is) originally from ",
    ),
    _rule(to.born_in, r"(?:was|were) born (?:and raised |and grew up )?in "),
    # work
    _rule(
        to.title,
        rf"(?:{_BE} )?(?:work|works|working|employed) (?:full[- ]time |part[- ]time |remotely )?as (?=an? )",
        r"|(?:have |has |was |were |got |been )*promoted to (?!be\b)|(?:got|was|been|were"
        r"|have been) hired as ",
    ),
    _rule(
        to.works,
        rf"(?:{_BE} )?(?:work|works|working|employed)(?: full[- ]time| part[- ]time| remotely",
        r"| as an? (?:[\w-]+ ){1,3}?)?",
        r" ?(?:at|for|by) ",
    ),
    _rule(to.started, r"(?:started|began) at |(?:have |has )?joined "),
    _rule(
        to.works,
        r"(?:started|began) (?:working|(?:my|a|the|his|her) (?:new )?(?:job|position|role)|work) (?:at|with|for) ",
        r"|(?:got|landed|found|took|have|has) (?:an?|the|my) (?:\w+ ){0,3}?(?:job|position|role",
        r") (?:at|with) ",
        r"|(?:got|was|been) hired (?:at|by) ",
    ),
    _rule(
        to.job,
        rf"{_BE} (?=an? |the |(?:CEO|CTO|CFO|head|VP)\b)|(?:have |has )?(?:became|become|becomes) (?=an? |the )",
        r"|(?:started|began) (?:working )?as (?=an? |the )",
        r"|(?:started|began|got|landed|have|has) (?:my |an? |the )?(?:new )?(?:job|position|role",
        r"|career) as (?=an? |the )",
    ),
    _rule(to.was_job, r"(?:was|were|have been|has been) (?=an? )"),
    _rule(
        to.quit,
        r"(?:have |has )?(?:quit|left|lost|resigned from) (?:my|his|her|the|our)(?: \w+)? (?:job|position|role)\b",
        r"|(?:got|was|were|been) (?:laid off|fired|let go|made redundant|dismissed|sacked)\b|(?:have "
        r"|has )?(?:stepped down|resigned) (?=as\b)"
        r"|(?:have |has )?(?:resigned|retired)(?: (?=from\b"
        r"|at\b|last\b|this\b|in\b|early\b|two\b)|$)",
    ),
    _rule(to.left, r"(?:have |has )?(?:left|quit) "),
    _rule(to.named_person("reports_to"), r"(?:report|reports) to "),
    # love and family
    _rule(to.spouse, rf"{_BE} married to |(?:got |have )?married (?:to )?|tied the knot with "),
    _rule(to.named_person("in_relationship_with"), rf"{_BE} (?:dating|in a relationship with|going out with) "),
    _rule(to.named_person("engaged_to"), rf"(?:got |{_BE} )engaged to "),
    _rule(
        to.status("married"),
        rf"{_BE} (?:happily )?married(?= now| for| since| with| and|$)|got married(?!.{{0,80}}\bto\b)"
        rf"|(?:got |{_BE} )?remarried\b",
    ),
    _rule(to.status("single"), rf"{_BE} single(?= now| again| and| since|$)"),
    _rule(
        to.status("divorced"),
        rf"(?:got |{_BE} )divorced\b|got a divorce\b",
    ),
    _rule(to.status("separated"), rf"(?:got |{_BE} )?separated\b(?! (?:the|my|our|an?|these|those|it|them)\b)"),
    _rule(to.status("engaged"), rf"(?:got |{_BE} )engaged(?= now| last| on\b|$)"),
    _rule(to.status("widowed"), rf"{_BE} (?:a widow|a widower|widowed)\b"),
    _rule(
        to.broke_up,
        r"(?:have )?(?:(?:broke|broken|split) up|broke (?:it|things) off|ended (?:it"
        r"|things))(?= with|$|,| last| in\b| on\b| a\b)",
    ),
    # body
    _rule(to.age, rf"{_BE} (?=\d|[a-z]+(?:teen|ty)?\b)|turned (?=\w)"),
    _rule(to.allergic, rf"{_BE} (?:\w+ly )?(?:allergic|intolerant) to "),
    _rule(_given("allergic_to", "lactose"), rf"{_BE} lactose[- ]intolerant"),
    _rule(
        to.allergy,
        r"(?:have|has|suffer from|suffers from) ",
        r"(?=(?:an? )?(?:\w+ )?[a-z-]+(?: [a-z-]+)? (?:allergy|intolerance)\b)",
    ),
    _rule(
        to.condition,
        r"(?:(?:have|has)(?: had)?|get|gets|suffer from|suffers from|(?:was|have been|has been|got) diagnosed with"
        r"|live with"
        r"|living with",
        r"|struggle with) ",
    ),
    _rule(_given("has_condition", "diabetes"), rf"{_BE} diabetic\b"),
    _rule(_given("has_condition", "asthma"), rf"{_BE} asthmatic\b"),
    _rule(to.medication, rf"(?:take|takes|taking|{_BE} on|{_BE} taking) "),
    _rule(_given("smokes", None), rf"{_BE} a smoker\b"),
    _rule(lambda rest, said: [Reading("smokes", None, True)], rf"{_BE} a non-?smoker\b"),
    _rule(lambda rest, said: [Reading("smokes", None, True)], rf"(?:{_BE} )?(?:smoke|nicotine)[- ]free\b"),
    _rule(to.smokes, rf"(?:{_HAD}started |{_BE} back to )?(?:smoke|smokes|smoking)(?: |$)"),
    # food
    _rule(
        to.diet,
        rf"(?:{_BE} on|{_BE} following|{_BE} doing|doing|being|{_BE}|went|became|have gone|has gone|turned|gone"
        rf"|keep|keeps|keeping"
        rf"|follow|follows|eat|eats",
        r"|switched to) ",
        r"(?:an? )?(?:strict )?",
    ),
    _rule(to.gave_up, r"(?:have |has )?(?:gave up|given up|quit|cut out|swore off) (?:eating |drinking )?"),
    _rule(now.gave_up, r"(?:have |has )?(?:gave up|given up|quit|dropped|left) "),
    _rule(now.stopped, r"(?=\w+ing\b)"),
    _rule(
        now.cups("eats", to.eats("eats")),
        rf"(?:(?:am|is) (?=eating \w+(?: \w+)? again)|{_HAD}started (?:to )?|{_HAD}(?:went|gone) back to )?(?:eat"
        rf"|eats|eating) ",
    ),
    _rule(
        now.cups("drinks", to.eats("drinks")),
        rf"(?:{_HAD}started (?:to )?|{_HAD}(?:went|gone) back to )?(?:drink|drinks|drinking) ",
    ),
    # tastes
    _rule(
        to.tastes("likes"),
        r"(?:(?:have |has |am |is )?(?:started|starting|begun|began|learned|come|grown) to )?(?:like|likes|love"
        r"|loves|enjoy|enjoys|adore|adores|liking|(?:liked|loved)(?=\s\")|have (?:loved|liked",
        r"|enjoyed)",
        r"|(?:have |has )?(?:come|came|coming) a?round to|(?:have |has )?warmed (?:up )?to|(?:have |has )?(?:got"
        r"|gotten) into",
        rf"|{_BE} (?:(?:an? )?(?:big |huge |massive |great |avid )?(?:fan|lover) of|fond of|into|passionate about",
        r"|crazy about",
        r"|obsessed with|keen on|fascinated by|hooked on|mad about)) (?!to (?:know"
        r"|learn|see|hear|think|be)\b)",
    ),
    _rule(
        to.tastes("dislikes"),
        r"(?:hate|hates|dislike|dislikes|detest|detests|loathe|loathes|cannot stand|cannot bear|despise|despises) ",
    ),
    _rule(to.cares, r"care for "),
    _rule(to.prefers, r"(?:prefer|prefers|favor|favour) "),
    # skills and doings
    _rule(
        to.known("speaks", words.LANGUAGES, "language"),
        rf"(?:{_BE} |can )?(?:speak|speaks|speaking|fluent in) (?:fluent |some |a little |a bit of |both |native )?",
    ),
    _rule(
        to.known("plays", words.INSTRUMENTS | words.ACTIVITIES, "activity"),
        rf"(?:{_BE} |can )?(?:play|plays|playing) (?:the )?",
    ),
    _rule(now.title_of("plays"), r"(?:play|plays) (?=[A-Z][\w' :]+ (?:every|on|with|a lot|most|in the|after)\b)"),
    _rule(
        things.does,
        rf"(?:{_BE} )?(?:practice|practise|practices|practicing|do|does|doing|go|goes|going|{_BE} into|took up",
        r"|have taken up",
        r"|has taken up|got into|started) (?:some )?",
    ),
    _rule(
        things.school,
        rf"{_BE} (?:an? )?(?:\w+ ){{0,2}}?student at |(?:{_BE} )?(?:go to|goes to|attend|attends|study at",
        r"|studies at|studying at",
        r"|enrolled at|enrolled in) ",
    ),
    _rule(
        things.studies,
        rf"(?:{_BE} )?(?:study|studying|studies|majoring in) (?!at\b|for\b|hard\b|abroad\b|in\b|with\b|the\b|my\b"
        rf"|a\b)",
        r"|major in |majored in ",
    ),
    # things
    _rule(
        things.car,
        rf"(?:{_BE} )?(?:drive|drives|driving) (?=an? |my )|(?:bought|got|own|owns|have|has) (?=an? (?:\w+ )?\w)",
    ),
    _rule(
        things.uses,
        rf"(?:{_BE} )?(?:(?:host|hosts|run|runs|deploy|keep|keeps|store|stores|track|tracks|manage|watch|stream"
        rf"|moved|do)",
        r" (?:everything|all (?:of )?(?:my|our) \w+|(?:my|our) (?:notes|tasks|photos|code|files|passwords|recipes|docs",
        r"|documents|music|shows|projects?|calendar|budget|finances)|(?:my |our )?(?:bugs|issues|tickets|tasks"
        r"|expenses",
        r"|workouts|runs|calories|habits|working hours)) (?:over )?(?:on|in|with|to)",
        r"|(?:use|uses|using|run|runs|running)",
        r"|(?:code|codes|coding|program|programs|programming|develop|develops|developing) (?:mostly "
        r"|mainly )?(?:in|with))",
        r" (?:the |an? |my )?",
    ),
    _rule(
        things.owns,
        r"(?:own|owns|bought|purchased|have|has|got|have got) (?=an? |my |two |three |the |our |that "
        r"|any )",
    ),
    _rule(
        things.visited,
        r"(?:went (?:back )?to|visited|travel+ed to|flew to|took a (?:road )?trip to|got back from|(?:have",
        r"|has) been to",
        r"|came back from|returned from|vacationed in) ",
    ),
    _rule(
        things.member,
        rf"{_BE} (?:a member (?:of|at)|part of) |(?:(?:have |has )?joined|belong to|belongs to|(?:sing|sings|play|plays"
        rf"|row|rows|act"
        r"|acts|dance|dances) (?:in|with)) (?=an? |the |my )",
    ),
    _rule(things.nationality, rf"{_BE} "),
)


def read(said: Predicate) -> list[Reading]:
    """The slots that a predicate fills; empty where it fills none for sure."""
    for pattern, reader in _RULES:
        m = pattern.match(said.plain)
        if m and (found := reader(said.plain[m.end() :].strip(), said)):
            return [r if r.negated or not said.over else replace(r, negated=True) for r in found]
    return []
