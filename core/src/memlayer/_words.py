"""Small words: what the index leaves out, what tells the language of a text, and words of time."""

from __future__ import annotations

_ENGLISH = """
a about above after again against all also am an and any are aren't as at be because been before being below between
both but by can can't cannot could couldn't did didn't do does doesn't doing don't down during each few for from
further had hadn't has hasn't have haven't having he he'd he'll he's her here here's hers herself him himself his how
how's i i'd i'll i'm i've if in into is isn't it it's its itself just let's me more most mustn't my myself no nor not
of off on once only or other ought our ours ourselves out over own same shan't she she'd she'll she's should shouldn't
so some such than that that's the their theirs them themselves then there there's these they they'd they'll they're
they've this those through to too under until up us very was wasn't we we'd we'll we're we've were weren't what what's
when when's where where's which while who who's whom whose why why's will with won't would wouldn't you you'd you'll
you're you've your yours yourself yourselves im ive dont didnt s t re ve ll d m would've could've should've shall
might must upon ever yes ok okay oh hey hi hello
"""
_OTHERS = """
el la los las un una unos unas de del al y en que qué con por para está estoy estás están como cómo cuál cual cuáles
cuándo cuando dónde donde quién quien cuánto cuántos cuántas mi mis su sus tus se lo le les nos muy más pero sobre han
soy eres fue fui hay yo él ella nosotros ellos qual quais onde quem meu minha seu sua os uma com não é são je il elle
nous vous ils elles est sont suis avons dans du des et où quoi quel quelle quels quelles qui avec pas ne mon ma mes ta
tes sa ses ce cette ces au aux une di che sono è ho mio mia gli nel della dei der das dem ein eine einen einem einer
eines und oder ist sind bist waren ich sie wir ihr mein meine meinen meinem meiner dein deine sein seine ihre mich mir
dich uns nicht kein keine mit von vom zu zum zur auf aus bei beim nach seit für über unter vor wie wo wer wen wem wann
warum welche welcher welches welchen wohin woher wieviel wird werden wurde habe haben hatte auch noch nur sehr aber
dass als im het een ik mijn في من على إلى الى عن مع هذا هذه ذلك التي الذي ما ماذا متى أين اين كيف هل كم لماذا أنا انا
هو هي نحن كان كانت لي لا لم لن قد أو او ثم أن ان إن و منذ عند اي أي है हैं था थी थे हूँ हूं का के की को में से पर और
या मैं मेरा मेरी मेरे मुझे हम वह यह ये वे ने तक भी ही तो क्या कब कहाँ कहां कौन कैसे क्यों कितने कितना कितनी किस किसने
किसे एक लिए कर रहा रही रहे हुआ हुई साथ अपना अपनी अपने नहीं उस इस जो sur era tu was me no a am
"""
_IDLE = """
yeah yep yup yea ya nope nah sure surely absolutely definitely exactly indeed certainly totally agreed true course right
correct fair alright fine great good nice cool awesome amazing wonderful fantastic excellent perfect lovely brilliant
super neat interesting wow whoa ah aha aw haha hahaha lol hmm hm mm mhm uh um huh thanks thank thx ty cheers welcome
please sorry problem worries pleasure glad happy love hear hearing sounds sound makes sense got get see know think guess
understood understand noted done sharing share helpful help appreciate much lot really well maybe perhaps probably bye
goodbye ciao morning evening afternoon night day later soon care take luck congrats congratulations look looks thing
idea point way going go keep let tell
"""
_TIMES = """
yesterday today tonight tomorrow ago week weeks weekend weekends month months year years day days morning afternoon
evening night monday tuesday wednesday thursday friday saturday sunday january february march april june july august
september october november december spring summer autumn fall winter recently lately last next since until soon now
currently hour hours minute minutes o'clock pm am christmas easter thanksgiving birthday anniversary ayer hoy mañana
semana mes año años gestern heute morgen woche monat jahr jahre hier aujourd'hui demain semaine mois année أمس اليوم
غدا شهر سنة कल आज परसों महीने साल हफ्ते
"""


def _set(lines: str) -> frozenset[str]:
    return frozenset(lines.split())


STOP = _set(_ENGLISH)
"""English words that say nothing about what a text is about."""
FOREIGN = _set(_OTHERS)
"""The same of Spanish, Portuguese, French, Italian, German, Dutch, Arabic and Hindi.

They also tell the language of a text, but for the few that are English too and tell nothing."""
SIGNS = frozenset(
    "的了在是我你他她它们們这這那哪个個什么麼吗嗎呢吧和与也都就有没沒不很要会會为為对對把被从從"
    "到给給着著过過得地几幾多谁誰何時间間私者方人"
)
"""Chinese and Japanese signs that say nothing by themselves."""
IDLE = _set(_IDLE)
"""English words of which a text is made that only answers, thanks, greets or agrees."""
TIMES = _set(_TIMES) | {str(year) for year in range(1950, 2051)}
"""Words that say when."""
