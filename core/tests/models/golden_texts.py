"""The 200 texts that the embedder and the reference are compared on."""

_EVERYDAY = """\
I live in San Francisco and I work as a nurse.
Actually, I don't like cheese any more.
My sister moved to Rome last May; she's learning Italian.
We adopted a second cat. Her name is Pixel.
What did I tell you about my trip to Lisbon?
Can you remind me when my dentist appointment is?
I'm allergic to peanuts, so please never suggest satay.
Yesterday I ran 12.5 km in 1:04:33, my best time so far!
Sure! Here are three ideas for the birthday party.
The meeting was moved from Tuesday to Thursday at 3pm.
I used to drive a Volvo, but I sold it and bought a bicycle.
He said, "I'll call you back" - and he never did.
My daughter Mia starts school in September.
We're getting married on 14 June 2025 in Porto.
It's 5 o'clock somewhere...
I've been vegetarian since 2019.
Thanks, that's all for today.
ok
no
Hello!
What's the weather like?
Please book a table for four at 19:30, vegetarian options needed.
My favourite colour is teal; my favorite color isn't green.
Dad's knee surgery went well, he is back home.
I can't stand horror films, but I love old westerns.
She plays the cello in the city's youth orchestra.
Our flat is on the fourth floor, there's no lift.
The password hint is the name of my first dog.
I finished reading The Left Hand of Darkness.
Could you summarise what we agreed on last week?
I think I'll take the job at the observatory.
We painted the nursery a warm yellow over the weekend.
He quit smoking three years ago.
They are planning a camping trip to the Lake District.
I weigh 71 kg and I'm 1.78 m tall.
Note to self: buy printer ink, stamps and envelopes.
The kids want a treehouse. I want a quiet Sunday.
Her email is jane.doe+news@example.org
The bill came to $1,249.99 (incl. 19% VAT).
You suggested the blue line instead of the red one.
It was a dream job, until it wasn't.
My grandmother was born in Riga in 1931.
I prefer window seats on long flights.
Let's meet at the corner of 5th Ave & 42nd St.
I play chess every Wednesday with my neighbour Tom.
The car broke down again, third time this month!!!
Nobody told me the museum is closed on Mondays.
Her thesis is about soil bacteria in permafrost.
I owe Marcus 40 euros for the concert tickets.
My new phone number ends in 0042.
We had pancakes for breakfast and soup for dinner.
antidisestablishmentarianism and floccinaucinihilipilification
UPPER CASE SHOUTING AND lower case whispering AnD MiXeD
e.g. i.e. etc. vs. Mr. Dr. U.S.A. Ph.D.
self-driving, state-of-the-art, mother-in-law, re-entered
don't can't won't it's we'll they've y'all o'clock rock'n'roll
100 1,000 1.000 1_000 1e-5 0x1F 3/4 50% #1 $5 @home
a b c d e f g h i j k l m n o p q r s t u v w x y z
!"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~
... --- *** ??? !!! ,,, ;;; ((( ))) [[[ ]]]
"""

_SCRIPTS = """\
Ich wohne seit fünf Jahren in Köln und fahre täglich mit der Straßenbahn.
GROẞE Straße, STRASSE, Übermäßigkeit
J'ai déménagé à Besançon l'été dernier, où j'élève des chèvres.
El año pasado mi niña cumplió ocho años en Logroño.
Não gosto de pão de açúcar, mas adoro maçãs.
Příliš žluťoučký kůň úpěl ďábelské ódy.
Zażółć gęślą jaźń; mieszkam w Łodzi.
Őrült kedvű árvíztűrő tükörfúrógép
Işıl İstanbul'da yaşıyor, IĞDIR'da değil.
Tôi sống ở Hà Nội với hai con mèo.
Ég bý í Reykjavík og á þrjú börn, Þórð og Ásdísi.
Smörgåsbord, Ærøskøbing, Ålesund, Tromsø
Я живу в Москве и работаю врачом.
ЁЛКА и ёжик, Йод и й
Моя сестра переїхала до Києва, її звати Їжакевич.
Живея в София от две години.
Ζω στην Αθήνα με τον σκύλο μου, τον ΟΔΥΣΣΕΑΣ.
ΣΊΣΥΦΟΣ ὁ Κορίνθιος, ἄνδρα μοι ἔννεπε
أعيش في القاهرة وأعمل مهندسًا.
السَّلَامُ عَلَيْكُمْ
אני גר בתל אביב עם שני ילדים.
בְּרֵאשִׁית בָּרָא אֱלֹהִים
من در تهران زندگی می‌کنم.
میں لاہور میں رہتا ہوں۔
मैं दिल्ली में रहता हूँ और चाय पसंद करता हूँ।
আমি ঢাকায় থাকি।
நான் சென்னையில் வசிக்கிறேன்.
నేను హైదరాబాద్‌లో ఉంటాను.
ฉันอาศัยอยู่ที่กรุงเทพฯ
ຂ້ອຍຢູ່ວຽງຈັນ
ខ្ញុំរស់នៅភ្នំពេញ
ငါရန်ကုန်မှာနေတယ်။
我住在北京,喜欢喝茶。
我住在北京，喜歡喝茶。
東京に住んでいます。猫が二匹います。
ｶﾀｶﾅ カタカナ ひらがな ガギグ パピプ
저는 서울에 살고 있습니다.
한국어 ᄒᆞᆫ글
მე თბილისში ვცხოვრობ.
Ես ապրում եմ Երևանում։
እኔ አዲስ አበባ ውስጥ እኖራለሁ።
Mixed 中文 and English 混合text한글과русский
ṩ ṩ ṩ q̣̇ q̣̇
I ❤️ NYC 🗽 and pizza 🍕!
👨‍👩‍👧‍👦 family, 👩🏽‍🚀 astronaut, 🏳️‍🌈 flag
🇫🇷🇯🇵🇧🇷
1️⃣ 2️⃣ 3️⃣ #️⃣ *️⃣
😀😃😄😁😆😅😂🤣
haha😂that's funny😂😂
(╯°□°）╯︵ ┻━┻
¯\\_(ツ)_/¯
x² + y² ≤ r², ∑ᵢ xᵢ ≠ ∞, α→β, ∀ε>0 ∃δ
€100 £50 ¥3000 ₹500 ₿0.1 ¢25
½ ¼ ¾ ⅓ № ℃ ™ © ® ‰
“curly quotes” ‘single’ «guillemets» „low“ — em – en … ellipsis
ﬁne ﬂow ﬀ Ⅷ Ⅻ ㎏ ㍿ ① ⑳
ＦＵＬＬＷＩＤＴＨ ｔｅｘｔ １２３ ！？
𝓗𝓮𝓵𝓵𝓸 𝔚𝔬𝔯𝔩𝔡 𝟙𝟚𝟛
ᏣᎳᎩ ᐃᓄᒃᑎᑐᑦ ᚠᚢᚦᚨ 𐌰𐌱 𒀀𒁀 𓀀𓁐
𠮷野家 㐀 豈 丽 ㊗ 〇
ǅ ǆ Ǆ ŉ ĳ ſ ẛ Å Å K Ω
"""

_CODE = """\
def add(a: int, b: int) -> int: return a + b
for i in range(10): print(f"{i!r:>4}", end="\\n")
SELECT name, COUNT(*) FROM users WHERE age >= 18 GROUP BY name HAVING COUNT(*) > 1;
const f = async (x) => { await g(x ?? null); return `${x}-ok`; };
{"user_id": "u-42", "tags": ["a", "b"], "score": 0.75, "ok": true, "none": null}
<div class="card" id='x1'><a href="https://example.org/?q=1&r=2#top">link</a></div>
#include <stdio.h> int main(void) { printf("%d\\n", 42); return 0; }
git commit -m "fix: off-by-one" && git push origin HEAD:main
https://www.example.com/path/to/page.html?utm_source=a&utm_medium=b#section-2
C:\\Users\\ana\\Documents\\report_final(2).docx
/usr/local/lib/python3.11/site-packages/__init__.py
550e8400-e29b-41d4-a716-446655440000
53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db
192.168.0.1:8080 fe80::1%eth0 2001:db8::ff00:42:8329
2024-02-29T23:59:59.999+05:30
snake_case camelCase PascalCase kebab-case SCREAMING_SNAKE
TypeError: unsupported operand type(s) for +: 'int' and 'str'
^(?:[a-z0-9]+(?:-[a-z0-9]+)*)@[^\\s]+$
| col a | col b | |---|:---:| | 1 | 2 |
# Heading **bold** _italic_ `code` [text](url) ![alt](img.png)
"""

# What a chat carries by accident: nothing, blanks, controls, invisible characters, the names of special pieces.
_ODD = [
    "",
    " ",
    "   \t \n ",
    "\n\n\n",
    "\u00a0\u2003\u3000",
    "\u2028\u2029",
    "\x00",
    "\x00\x01\x02nul\x00inside\x7fdel",
    "tab\tnew\nline\rreturn\x0bvertical\x0cform",
    "\x85next\x85line\x1cfile\x1dgroup\x1erecord\x1funit",
    "\ufeffbyte order mark",
    "zero\u200bwidth\u200cnon\u200djoin\u2060er",
    "soft\u00adhyphen",
    "\u202eright to left\u202c \u200fmark\u200e",
    "\ufffd replacement \ufffdcharacter",
    "\ue000private\uf8ff\U000f0000use",
    "unassigned \u0378 \u0bff \U0001fbff here",
    "e\u0301 cafe\u0301 na\u0308ive A\u030angstro\u0308m",
    "a" + "\u0301" * 120,
    "Z\u0351\u036b\u0343a\u0357l\u0366g\u0336o\u0334 text",
    "\u0345 \u0e31 \u0903 \u093e marks alone",
    "\u1100\u1161\u11a8 \uac01 jamo",
    "\u037e greek question mark \u1fef grave \u212b sign",
    "[CLS] and [SEP] and [MASK] and [PAD] and [UNK]",
    "[cls] [Sep] [ SEP ] [SEP][SEP] x[MASK]y",
    "##ing un##able ## #",
    "a" * 100,
    "a" * 101,
    "b" * 5000,
    "short " + "x" * 99 + " " + "y" * 100 + " " + "z" * 101,
    "\u4e2d" * 300,
    "\u00e9" * 100 + " " + "\u00e9" * 101,
    "\u0130" * 60,
    "word " * 253,
    "word " * 254,
    "word " * 255,
    "word " * 2000,
    "? " * 300,
    "." * 600,
    "supercalifragilisticexpialidocious " * 60,
    " leading and trailing  and   inner    blanks ",
    "a\u0000b\u200bc",
    "\U0001f600" * 300,
    "-" * 80 + "\nsection\n" + "=" * 80,
]

_STORY = (
    "On the first morning in the new house, {name} carried the last box up the stairs and counted the steps, "
    "{n} in all. "
    "The kettle was still wrapped in a towel, the cups were nowhere, and the dog had found the only warm corner. "
    "Through the window one could see the harbour, the {colour} cranes and, further out, the ferry to the islands. "
)


def texts() -> list[str]:
    """Return the texts, always the same ones in the same order."""
    made = [line for block in (_EVERYDAY, _SCRIPTS, _CODE) for line in block.splitlines()]
    made += _ODD
    names = ["Ana", "Björn", "Chidi", "Dmitri", "Eun-ji", "Fátima", "Guðrún", "Hélène"]
    colours = ["red", "rusty orange", "grey", "pale blue"]
    for number in range(200 - len(made)):
        story = _STORY.format(name=names[number % 8], n=11 + number, colour=colours[number % 4])
        made.append((story * (1 + number // 2))[: None if number % 3 else 400 + 17 * number])
    return made


# Texts with their context, oldest first: (context, own text).
CONVERSATION: list[tuple[list[str], str]] = [
    ([], "I went to the lake on Saturday."),
    (["I went to the lake on Saturday."], "Was it cold?"),
    (["I went to the lake on Saturday.", "Was it cold?"], "Not at all, we even swam."),
    (["Who came along?", "My cousin Petra and her twins."], "How old are they now?"),
    (["", "   "], "Nobody said anything before this."),
    (["word " * 500, "Tell me about it."], "It was a long day, with far too many words in it."),
    (["The first thing I said.", "The second thing I said."], "long answer " * 100),
    (["The first thing I said.", "The second thing I said."], "longer answer " * 200),
    (["一つ目の文。", "二つ目の文。"], "三つ目の文です。"),
    (["We bought tickets 🎫", "For which band?"], "The one with the harp 🎶 [SEP] of course"),
]
