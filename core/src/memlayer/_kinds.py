"""Names of things by their kinds, lists of our own writing.

Extraction types things by them; ranking tells which text names the kind of thing that a question asks for ("which
city" - "Lisbon").
"""

from __future__ import annotations

import re
from functools import lru_cache


def _set(text: str) -> frozenset[str]:
    """Words and phrases parted by commas."""
    return frozenset(w.strip() for w in " ".join(text.split()).split(",") if w.strip())


PETS = _set(
    """dog, cat, puppy, pup, kitten, rabbit, bunny, hamster, parrot, horse, pony, guinea pig, turtle, tortoise,
    goldfish, snake, lizard, gecko, ferret, bird, budgie, golden retriever, labrador, poodle, beagle, corgi,
    german shepherd, husky, bulldog, dachshund, chihuahua, terrier, border collie, cockatiel, canary, mouse,
    rat, hedgehog, chinchilla, kitty, doggo"""
)
PLURAL_PETS = {"puppies": "puppy", "mice": "mouse", "kitties": "kitty", "bunnies": "bunny", "ponies": "pony"}
FOODS = _set(
    """cheese, meat, beef, pork, chicken, fish, seafood, shellfish, shrimp, sushi, pizza, pasta, bread, rice, noodles,
    ramen, tofu, eggs, egg, milk, dairy, lactose, gluten, wheat, soy, nuts, peanuts, peanut, tree nuts, almonds,
    cashews, walnuts, chocolate, dark chocolate, candy, sugar, cake, cookies, ice cream, coffee, tea, green tea,
    beer, wine, red wine, whiskey, alcohol, soda, juice, vegetables, broccoli, spinach, kale, mushrooms, onions,
    garlic, tomatoes, potatoes, cilantro, coriander, olives, avocado, fruit, strawberries, bananas, apples,
    mangoes, pineapple, curry, spicy food, thai food, indian food, italian food, mexican food, chinese food,
    japanese food, korean food, burgers, steak, bacon, ham, lamb, salmon, tuna, oysters, salad, soup, tacos,
    burritos, sandwiches, fast food, junk food, red meat, butter, honey, yogurt, cereal, oatmeal, mayo,
    mayonnaise, ketchup, mustard, hummus, kimchi, lobster, crab, duck, turkey, popcorn, desserts, sweets,
    licorice, mint, vanilla, cinnamon, ginger, anchovies, brussels sprouts, mac and cheese, fish and chips"""
)
ACTIVITIES = _set(
    """hiking, running, jogging, swimming, cycling, biking, climbing, rock climbing, bouldering, skiing, snowboarding,
    surfing, yoga, pilates, meditation, dancing, salsa, ballet, boxing, kickboxing, karate, judo, taekwondo,
    jiu-jitsu, fencing, archery, golf, tennis, table tennis, badminton, squash, soccer, football, basketball,
    volleyball, baseball, softball, cricket, rugby, hockey, ice hockey, lacrosse, handball, chess, poker,
    bowling, darts, painting, drawing, sketching, pottery, knitting, crocheting, sewing, quilting, woodworking,
    photography, gardening, cooking, baking, reading, writing, journaling, singing, gaming, video games, board
    games, fishing, hunting, camping, kayaking, sailing, rowing, diving, scuba diving, snorkeling, horseback
    riding, skateboarding, ice skating, roller skating, birdwatching, birding, traveling, travelling, blogging,
    volunteering, weightlifting, crossfit, zumba, triathlons, marathons, calligraphy, origami, collecting
    stamps, stargazing, geocaching, martial arts, walking, backpacking, improv, magic, wrestling, gymnastics,
    paddleboarding, tai chi, dungeons and dragons, minecraft, fortnite, valorant"""
)
INSTRUMENTS = _set(
    """guitar, piano, violin, cello, viola, bass, bass guitar, drums, flute, clarinet, saxophone, sax, trumpet,
    trombone, tuba, harp, ukulele, banjo, mandolin, harmonica, accordion, organ, keyboard, oboe, electric
    guitar, acoustic guitar, double bass"""
)
LANGUAGES = _set(
    """english, spanish, french, german, italian, portuguese, russian, chinese, mandarin, cantonese, japanese, korean,
    arabic, hebrew, hindi, urdu, bengali, tamil, telugu, turkish, polish, dutch, swedish, norwegian, danish,
    finnish, greek, czech, hungarian, romanian, ukrainian, vietnamese, thai, indonesian, malay, tagalog,
    swahili, persian, farsi, catalan, irish, welsh, latin, esperanto, sign language, asl, bulgarian, croatian,
    serbian, slovak, icelandic"""
)
PLACES = _set(
    """san francisco, sf, new york, new york city, nyc, los angeles, la, chicago, boston, seattle, austin, denver,
    portland, miami, dallas, houston, philadelphia, atlanta, phoenix, san diego, las vegas, toronto, montreal,
    vancouver, london, manchester, edinburgh, glasgow, dublin, paris, lyon, marseille, berlin, munich, hamburg,
    frankfurt, cologne, vienna, zurich, geneva, rome, milan, florence, venice, naples, madrid, barcelona,
    valencia, seville, lisbon, porto, amsterdam, rotterdam, brussels, copenhagen, stockholm, gothenburg, oslo,
    bergen, helsinki, warsaw, krakow, prague, budapest, athens, istanbul, moscow, kyiv, kiev, tokyo, kyoto,
    osaka, seoul, beijing, shanghai, hong kong, taipei, singapore, bangkok, hanoi, jakarta, manila, kuala
    lumpur, delhi, new delhi, mumbai, bangalore, dubai, tel aviv, jerusalem, cairo, nairobi, lagos, cape town,
    johannesburg, sydney, melbourne, brisbane, perth, auckland, wellington, mexico city, bogota, lima, santiago,
    buenos aires, rio, sao paulo, usa, us, the us, america, united states, the united states, uk, the uk,
    england, scotland, wales, ireland, france, germany, austria, switzerland, italy, spain, portugal,
    netherlands, the netherlands, belgium, denmark, sweden, norway, finland, iceland, poland, czech republic,
    hungary, romania, bulgaria, greece, turkey, russia, ukraine, india, pakistan, bangladesh, china, taiwan,
    japan, korea, south korea, vietnam, thailand, philippines, indonesia, malaysia, australia, new zealand,
    egypt, morocco, nigeria, kenya, ethiopia, ghana, south africa, israel, lebanon, iran, iraq, canada, mexico,
    brazil, argentina, chile, colombia, peru, cuba, jamaica, costa rica, europe, asia, africa, california,
    texas, florida, oregon, washington, colorado, arizona, nevada, utah, alaska, hawaii, maine, vermont,
    massachusetts, michigan, ohio, illinois, minnesota, georgia, tennessee, montana, bali, tuscany, bavaria,
    brooklyn, manhattan, queens, the bronx, bay area, the bay area, silicon valley, catalonia, sicily, provence,
    quebec, ontario"""
)
COMPANIES = _set(
    """google, microsoft, apple, amazon, meta, netflix, ibm, intel, nvidia, oracle, salesforce, adobe, siemens, bosch,
    sap, sony, samsung, toyota, honda, bmw, tesla, spacex, nasa, openai, anthropic, spotify, uber, airbnb,
    stripe, shopify, walmart, target, starbucks, nike, adidas, ikea, pfizer, deloitte, pwc, kpmg, accenture,
    mckinsey, ubs, hsbc, mit, stanford, harvard, oxford, cambridge, yale, princeton, berkeley, caltech, eth,
    ucla, nyu, acme"""
)

# The bits follow the flags of `text`.
PET, INSTRUMENT, FOOD, ACTIVITY, PLACE, LANGUAGE, COMPANY, RELATIVE, TASTE = (1 << n for n in range(8, 17))
"""Flags: the text names one of these; TASTE: it says what somebody likes, wants or must not have."""

_HOBBIES = "run walk jog swim hike bike dance cook bake read paint camp fish gym art crafts puzzles meditate workout"
_RELATIVES = (
    "sister brother sibling twin mother father mom mum dad mama papa parent son daughter child kid baby toddler wife "
    "husband spouse grandmother grandfather grandma grandpa granny aunt uncle cousin niece nephew"
)
_TASTES = (
    "like likes liked liking love loves loved loving prefer prefers preferred enjoy enjoys enjoyed enjoying hate hates "
    "hated dislike dislikes favorite favorites favourite favourites allergic allergy allergies avoid avoiding vegan "
    "vegetarian interested passion passionate keen obsessed"
)
_LISTS: tuple[tuple[int, frozenset[str]], ...] = (
    (PET, PETS | frozenset(PLURAL_PETS)),
    (INSTRUMENT, INSTRUMENTS),
    (FOOD, FOODS),
    (ACTIVITY, ACTIVITIES | frozenset(_HOBBIES.split())),
    (PLACE, PLACES),
    (LANGUAGE, LANGUAGES),
    (COMPANY, COMPANIES),
    (RELATIVE, frozenset(_RELATIVES.split())),
    (TASTE, frozenset(_TASTES.split())),
)


def _by_word() -> dict[str, int]:
    found: dict[str, int] = {}
    for kind, words in _LISTS:
        for word in words:
            if " " not in word:
                forms = (word,) if kind in (PLACE, COMPANY, TASTE) else (word, word + "s", word.removesuffix("s"))
                for form in forms:
                    found[form] = found.get(form, 0) | kind
    return found


NAMED = _by_word()
"""The kinds that a word names, as bits."""

_WORDS: dict[int, str] = {
    PET: "pets? animals?",
    INSTRUMENT: "instruments?",
    FOOD: "foods? dish(?:es)? meals? eat ate eaten snacks? recipes? cook(?:ed|ing)? cuisine desserts? drinks? "
    "bak(?:e|ed|ing) lunch dinner breakfast restaurants?",
    ACTIVITY: "activit(?:y|ies) hobb(?:y|ies) sports? exercises? pastimes? classes destress relax fun interests? "
    "games?",
    PLACE: r"cit(?:y|ies) states? countr(?:y|ies) places? where travel\w* visit\w* trips? locations? areas? vacations?",
    LANGUAGE: "languages?",
    COMPANY: "compan(?:y|ies) brands? sponsors? employer endorsements?",
    RELATIVE: "famil(?:y|ies) relatives? siblings? kids children parents",
}
_ASKED = tuple((kind, re.compile("|".join(words.split()))) for kind, words in _WORDS.items())
_WORD = re.compile(r"\w+")
_ADVICE = re.compile(
    r"\b(?:should (?:I|we|my|our)|recommend\w*|suggest\w*|any (?:tips|ideas|advice)|ideas? (?:for|on|how)|advice"
    r"|tips (?:for|on)|what do you think|would .* (?:like|enjoy|prefer|be interested|want|consider)"
    r"|might .* (?:like|enjoy|prefer|want)|what (?:to|can I|could I|shall I))\b",
    re.IGNORECASE,
)


def asked(question: str) -> int:
    """The kinds of which a question wants one, as bits: those that it asks for, for advice also those that it names."""
    words = _WORD.findall(question.lower())
    found = 0
    for word in words:
        found |= _wanted(word)
    if advice(question):
        for word in words:
            found |= NAMED.get(word, 0) & ~TASTE
    return found


@lru_cache(maxsize=10_000)
def _wanted(word: str) -> int:
    return sum(kind for kind, pattern in _ASKED if pattern.fullmatch(word))


def advice(question: str) -> bool:
    """Says whether a question wants advice: what somebody likes decides it."""
    return _ADVICE.search(question) is not None
