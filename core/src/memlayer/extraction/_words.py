"""Word lists of our own writing: what kind of thing a word means. Small on purpose; unknown words stay "thing"."""

from __future__ import annotations

from memlayer._kinds import ACTIVITIES as ACTIVITIES
from memlayer._kinds import COMPANIES as COMPANIES
from memlayer._kinds import FOODS as FOODS
from memlayer._kinds import INSTRUMENTS as INSTRUMENTS
from memlayer._kinds import LANGUAGES as LANGUAGES
from memlayer._kinds import PETS as PETS
from memlayer._kinds import PLACES as PLACES
from memlayer._kinds import PLURAL_PETS as PLURAL_PETS


def _set(text: str) -> frozenset[str]:
    """Words and phrases parted by commas."""
    return frozenset(w.strip() for w in " ".join(text.split()).split(",") if w.strip())


KIN: dict[str, tuple[str, str]] = {
    **{
        w: ("has_sibling", w)
        for w in ("sister", "brother", "sibling", "twin", "stepsister", "stepbrother", "sis", "bro")
    },
    **{w: ("has_parent", w) for w in ("mother", "father", "mom", "mum", "dad", "mama", "papa", "stepmom", "stepdad")},
    **{w: ("has_parent", w) for w in ("parents", "grandparents")},
    **{w: ("has_child", w) for w in ("son", "daughter", "child", "kid", "baby", "toddler", "stepson", "stepdaughter")},
    **{w: ("married_to", w) for w in ("wife", "husband", "spouse", "hubby")},
    **{w: ("engaged_to", w) for w in ("fiance", "fiancee", "fiancé", "fiancée")},
    **{w: ("in_relationship_with", w) for w in ("girlfriend", "boyfriend", "partner", "gf", "bf")},
    **{
        w: ("has_relative", w)
        for w in (
            "grandmother", "grandfather", "grandma", "grandpa", "granny", "nana", "aunt", "uncle", "auntie", "cousin",
            "niece", "nephew", "mother-in-law", "father-in-law", "sister-in-law", "brother-in-law", "grandson",
            "granddaughter",
        )
    },
    **{
        w: ("has_friend", w)
        for w in ("friend", "bestie", "buddy", "best friend", "roommate", "flatmate", "neighbor", "neighbour")
    },
    **{w: ("has_colleague", w) for w in ("colleague", "coworker", "co-worker", "teammate")},
    **{w: ("reports_to", w) for w in ("boss", "manager", "supervisor")},
}  # fmt: skip
"""Word for a person: the slot that the person fills, and the word itself."""


NATIONALITIES = _set(
    """american, british, english, scottish, welsh, irish, canadian, mexican, brazilian, argentinian, chilean,
    colombian, peruvian, french, german, austrian, swiss, italian, spanish, portuguese, dutch, belgian, danish,
    swedish, norwegian, finnish, icelandic, polish, czech, slovak, hungarian, romanian, bulgarian, greek,
    turkish, russian, ukrainian, indian, pakistani, bangladeshi, chinese, taiwanese, japanese, korean,
    vietnamese, thai, filipino, indonesian, malaysian, singaporean, australian, egyptian, moroccan, nigerian,
    kenyan, ethiopian, ghanaian, israeli, lebanese, syrian, iranian, iraqi, saudi, cuban, jamaican, puerto
    rican, serbian, croatian, slovenian, estonian, latvian, lithuanian, south african, venezuelan, ecuadorian,
    nepali, sri lankan, afghan, armenian, georgian, albanian"""
)
DIETS = _set(
    """vegan, vegetarian, pescatarian, pescetarian, flexitarian, gluten-free, gluten free, dairy-free, dairy free,
    keto, paleo, kosher, halal, low-carb, low carb, plant-based, lacto-vegetarian, carnivore, mediterranean,
    sugar-free, raw vegan"""
)
CONDITIONS = _set(
    """diabetes, type 1 diabetes, type 2 diabetes, asthma, adhd, autism, anxiety, depression, arthritis, migraines,
    migraine, epilepsy, celiac disease, coeliac disease, celiac, crohn's, crohn's disease, ibs, ulcerative
    colitis, eczema, psoriasis, hypertension, high blood pressure, high cholesterol, insomnia, sleep apnea,
    dyslexia, ptsd, ocd, bipolar disorder, lupus, fibromyalgia, endometriosis, pcos, anemia, gout, glaucoma,
    tinnitus, scoliosis, hypothyroidism, gerd, acid reflux, heart disease, parkinson's, alzheimer's, dementia,
    multiple sclerosis, cancer, breast cancer, hay fever, chronic pain, back pain, vertigo, tendonitis, plantar
    fasciitis, rheumatoid arthritis, chronic migraines, bronchitis"""
)
MEDICATIONS = _set(
    """ibuprofen, paracetamol, acetaminophen, aspirin, insulin, metformin, lisinopril, atorvastatin, levothyroxine,
    sertraline, fluoxetine, prozac, zoloft, lexapro, adderall, ritalin, xanax, omeprazole, antibiotics,
    antidepressants, antidepressant, antihistamine, beta blocker, blood thinner, statin, warfarin, statins,
    birth control, melatonin, vitamin d, antihistamines, beta blockers,
    blood thinners, gabapentin, prednisone, fish oil, omega-3, magnesium, iron tablets, iron supplements, zinc,
    creatine, probiotics, multivitamins, vitamin b12, vitamin c"""
)
JOBS = _set(
    """accountant, actor, actress, analyst, architect, artist, astronomer, attorney, author, baker, banker, barber,
    barista, bartender, biologist, bookkeeper, builder, butcher, carpenter, cashier, ceo, cfo, chef, chemist,
    coach, cook, consultant, contractor, copywriter, counselor, cto, curator, dancer, dentist, designer,
    detective, developer, dietitian, director, doctor, driver, economist, editor, electrician, engineer,
    entrepreneur, farmer, filmmaker, firefighter, fisherman, florist, freelancer, gardener, geologist, graphic
    designer, hairdresser, historian, illustrator, instructor, intern, interpreter, janitor, jeweler,
    journalist, judge, lawyer, lecturer, librarian, machinist, manager, marketer, mathematician, mechanic,
    model, musician, nanny, nurse, nutritionist, officer, optician, painter, paralegal, paramedic, pharmacist,
    photographer, physician, physicist, pilot, plumber, podcaster, poet, policeman, politician, postdoc,
    producer, professor, programmer, psychiatrist, psychologist, radiologist, realtor, receptionist, recruiter,
    reporter, researcher, sailor, salesman, salesperson, scientist, screenwriter, sculptor, secretary, singer,
    social worker, soldier, statistician, strategist, streamer, supervisor, surgeon, surveyor, tailor, teacher,
    technician, lead, chair, chairman, chairwoman, treasurer, president, captain, therapist, trader, trainer,
    translator, tutor, vet, veterinarian, waiter, waitress, welder,
    writer, yoga instructor, zoologist, administrator, apprentice, assistant, associate, specialist,
    coordinator, representative, executive, event planner, wedding planner, urban planner, financial planner,
    physiotherapist, midwife, founder, co-founder, cofounder, business owner, shop owner, store owner,
    restaurant owner, salon owner, devops, tester, sommelier, stylist, comedian, composer, dj, blogger,
    youtuber, influencer, auditor, broker, butler, caregiver, carer, cleaner, clerk, courier, housewife,
    homemaker, novelist, nutritionist, paediatrician, pediatrician, pastor, priest, principal, ranger, roofer,
    sysadmin, vp, animator, anthropologist, archaeologist, archeologist, barrister, solicitor, conductor,
    diplomat, lifeguard, mason, oncologist, cardiologist"""
)
NOT_A_JOB = _set(
    """big, huge, fan, member, good, great, bad, terrible, better, best, quick, slow, fast, heavy, early, first,
    new, amateur, aspiring, hobby, home, former, retired, ex, wannabe, future, decent, lousy, avid, keen, would-
    be, natural, self-proclaimed, bit, terrific, amazing, casual, hopeful, proud, cautious, careful, self,
    armchair, budding, cautious"""
)
FIRST_NAMES = _set(
    """aaron, abby, abigail, adam, adrian, ahmed, aisha, alan, albert, alex, alexander, alexandra, alice, alicia,
    alison, amanda, amelia, amir, amy, ana, andre, andrea, andrew, angela, anita, ann, anna, anne, annie,
    anthony, antonio, arthur, ashley, barbara, beatrice, becky, ben, benjamin, bella, beth, bill, bob, brad,
    brandon, brian, bruno, caitlin, calvin, cameron, camila, carl, carla, carlos, carol, caroline, catherine,
    cecilia, charles, charlie, charlotte, chloe, chris, christina, christine, christopher, claire, clara,
    connor, craig, cynthia, dan, dana, daniel, daniela, dave, david, dean, deborah, denise, dennis, diana,
    diego, dmitri, dominic, donald, donna, dorothy, doug, dylan, ed, eddie, edward, elena, eleanor, eli, elias,
    elijah, elizabeth, ella, ellen, emily, emma, eric, erica, erik, erin, ethan, eva, evan, eve, evelyn, fatima,
    felix, fiona, frances, francesca, francis, frank, fred, gabriel, gabriela, gary, george, gina, giulia,
    grace, greg, hana, hannah, harold, harry, hassan, heather, heidi, helen, henry, hugo, ian, ibrahim, ines,
    ingrid, irene, isaac, isabel, isabella, ivan, jack, jackie, jacob, jake, james, jamie, jan, jane, janet,
    jason, jasmine, jean, jeff, jen, jennifer, jenny, jeremy, jerry, jess, jesse, jessica, jill, jim, jimmy,
    joan, joanna, joe, joel, john, johnny, jon, jonas, jonathan, jordan, jorge, jose, joseph, josh, joshua,
    joyce, juan, judith, judy, julia, julian, julie, justin, karen, karl, kate, katherine, kathleen, katie,
    keith, kelly, ken, kenneth, kevin, kim, kyle, lara, larry, laura, lauren, layla, leah, leo, leon, liam,
    lily, linda, lisa, logan, louis, louise, lucas, lucia, lucy, luis, luke, luna, lydia, madison, marco,
    marcus, margaret, maria, marie, mario, mark, marta, martha, martin, mary, mateo, matt, matthew, max, maya,
    megan, mei, melanie, melissa, mia, michael, michelle, miguel, mike, mila, mohammed, molly, monica, nadia,
    naomi, natalie, natasha, nate, nathan, neil, nicholas, nick, nicole, nina, noah, nora, oliver, olivia,
    oscar, owen, pablo, pamela, patricia, patrick, paul, paula, pedro, penny, peter, phil, philip, priya,
    rachel, rafael, raj, ralph, ray, rebecca, ricardo, richard, rick, rita, rob, robert, roberto, robin, roger,
    ron, rosa, rose, roy, russell, ruth, ryan, sabrina, sally, sam, samantha, samuel, sandra, sara, sarah,
    scott, sean, sergio, seth, sharon, shawn, simon, sofia, sonia, sophia, sophie, stella, stephanie, stephen,
    steve, steven, stuart, sue, susan, suzanne, sven, sylvia, tara, ted, teresa, terry, thomas, tim, timothy,
    tina, toby, todd, tom, tommy, tony, tracy, tyler, valerie, vanessa, vera, vicky, victor, victoria, vincent,
    viktor, walter, wendy, will, william, xavier, yara, yasmin, yuki, yusuf, yvonne, zach, zoe"""
)
NO_NAMES = _set(
    """i, we, the, a, an, this, that, these, those, it, he, she, they, you, my, our, his, her, their, your, there,
    here, what, when, where, who, why, how, which, if, and, but, so, or, also, then, just, not, no, yes, yeah,
    thanks, thank, hey, hi, hello, ok, okay, well, oh, wow, actually, please, maybe, perhaps, all, some, any,
    every, everyone, everything, nothing, someone, nobody, most, many, both, each, one, two, three, after,
    before, since, while, for, from, in, on, at, to, of, by, with, as, god, lol, omg, can, could, would, should,
    will, do, does, did, is, are, was, were, have, has, had, let, let's, congrats, sure, great, good, nice,
    cool, awesome, amazing, sorry, bye, now, today, tomorrow, yesterday, speaking, being, monday, tuesday,
    wednesday, thursday, friday, saturday, sunday, january, february, march, april, may, june, july, august,
    september, october, november, december, christmas, easter, halloween, thanksgiving, mr, mrs, ms, dr,
    another, other, im, i'm, i've, i'll, i'd, it's, that's, however, although, though, because, lately,
    recently, currently, unfortunately, luckily, looking, going, working, having, getting, people, life, work,
    love, family, nowadays, definitely, absolutely"""
)
TECH = _set(
    """python, javascript, typescript, java, rust, go, golang, c++, c#, ruby, php, swift, kotlin, scala, sql, linux,
    ubuntu, windows, macos, android, ios, vim, neovim, emacs, vscode, vs code, pycharm, docker, kubernetes, git,
    github, gitlab, jira, notion, obsidian, excel, word, powerpoint, photoshop, figma, slack, zoom, discord,
    spotify, netflix, youtube, instagram, facebook, twitter, tiktok, reddit, whatsapp, telegram, gmail, outlook,
    chatgpt, claude, evernote, trello, asana, iphone, ipad, macbook, postgres, postgresql, mysql, mongodb,
    redis, react, vue, angular, django, flask, fastapi, pytorch, tensorflow, blender, unity, kindle, duolingo,
    strava, fitbit, garmin, apple watch, google calendar, google docs, chrome, firefox, safari, lastpass, 1password,
    bitwarden, dashlane, apple music, youtube music, tidal, deezer, hulu, dropbox, onedrive, google drive, icloud,
    signal, intellij, sublime text, protonmail, fastmail, todoist, fedora, debian, svelte, sqlite, mariadb, logseq"""
)
CARS = _set(
    """tesla, toyota, honda, ford, bmw, audi, mercedes, volkswagen, vw, volvo, subaru, mazda, nissan, hyundai, kia,
    jeep, chevrolet, chevy, porsche, lexus, fiat, peugeot, renault, skoda, mini, prius, civic, corolla, mustang,
    polestar, rivian"""
)
OWNED = _set(
    """house, apartment, condo, car, truck, bike, bicycle, motorcycle, scooter, boat, sailboat, guitar, piano, violin,
    drum kit, telescope, camera, laptop, desktop, ps5, xbox, switch, 3d printer, garden, farm, cabin, cottage,
    camper van, campervan, rv, tent, kayak, surfboard, record player, pool, greenhouse, drone, e-bike, tablet,
    smartwatch, espresso machine, business, store, shop, restaurant, bakery, cafe, treadmill, tattoo, motorbike,
    flat, van, sewing machine, hot tub, skateboard, longboard, snowboard, paddleboard, canoe, motorboat, yacht, caravan,
    trampoline, projector, air fryer, e-reader"""
)
ORG_ENDS = _set(
    """inc, corp, ltd, llc, gmbh, company, university, college, school, institute, bank, hospital, clinic, studio,
    studios, labs, lab, group, foundation, agency, academy, museum, library, systems, technologies, software,
    partners, consulting"""
)
SCENERY = _set(
    """beach, ocean, sea, mountains, outdoors, city, countryside, snow, rain, cold, heat, winter, summer, autumn, fall,
    spring, theater, theatre, opera, ballet, cinema, gym, night, sun, forest, woods, water, desert, violin,
    piano, guitar, blues, beatles, arts, smell of rain, 80s, 90s, holidays, office"""
)
