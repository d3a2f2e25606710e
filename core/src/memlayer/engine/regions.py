"""Countries and their large parts: to live in one of them says nothing against a town that may lie inside."""

from __future__ import annotations

from memlayer.engine.normal import key

_CONTINENTS = "Africa; Asia; Australia; Europe; North America; South America; Latin America; Oceania; Scandinavia"

_COUNTRIES = (
    "Afghanistan; Albania; Algeria; Andorra; Angola; Antigua and Barbuda; Argentina; Armenia; Austria; Azerbaijan; "
    "Bahamas; Bahrain; Bangladesh; Barbados; Belarus; Belgium; Belize; Benin; Bhutan; Bolivia; Bosnia; "
    "Bosnia and Herzegovina; Botswana; Brazil; Brunei; Bulgaria; Burkina Faso; Burundi; Cambodia; Cameroon; Canada; "
    "Cape Verde; Central African Republic; Chad; Chile; China; Colombia; Comoros; Congo; Costa Rica; Croatia; Cuba; "
    "Cyprus; Czech Republic; Czechia; Denmark; Djibouti; Dominica; Dominican Republic; East Timor; Ecuador; Egypt; "
    "El Salvador; Equatorial Guinea; Eritrea; Estonia; Eswatini; Ethiopia; Fiji; Finland; France; Gabon; Gambia; "
    "Georgia; Germany; Ghana; Greece; Grenada; Guatemala; Guinea; Guinea-Bissau; Guyana; Haiti; Honduras; Hungary; "
    "Iceland; India; Indonesia; Iran; Iraq; Ireland; Israel; Italy; Ivory Coast; Jamaica; Japan; Jordan; Kazakhstan; "
    "Kenya; Kiribati; Kosovo; Kuwait; Kyrgyzstan; Laos; Latvia; Lebanon; Lesotho; Liberia; Libya; Liechtenstein; "
    "Lithuania; Luxembourg; Madagascar; Malawi; Malaysia; Maldives; Mali; Malta; Marshall Islands; Mauritania; "
    "Mauritius; Mexico; Micronesia; Moldova; Monaco; Mongolia; Montenegro; Morocco; Mozambique; Myanmar; Namibia; "
    "Nauru; Nepal; Netherlands; Holland; New Zealand; Nicaragua; Niger; Nigeria; North Korea; North Macedonia; Norway; "
    "Oman; Pakistan; Palau; Palestine; Panama; Papua New Guinea; Paraguay; Peru; Philippines; Poland; Portugal; Qatar; "
    "Romania; Russia; Rwanda; Samoa; San Marino; Saudi Arabia; Senegal; Serbia; Seychelles; Sierra Leone; Singapore; "
    "Slovakia; Slovenia; Solomon Islands; Somalia; South Africa; South Korea; Korea; South Sudan; Spain; Sri Lanka; "
    "Sudan; Suriname; Sweden; Switzerland; Syria; Taiwan; Tajikistan; Tanzania; Thailand; Togo; Tonga; "
    "Trinidad and Tobago; Tunisia; Turkey; Türkiye; Turkmenistan; Tuvalu; Uganda; Ukraine; United Arab Emirates; UAE; "
    "United Kingdom; UK; Great Britain; Britain; England; Scotland; Wales; Northern Ireland; United States; "
    "United States of America; USA; US; U.S.; States; America; Uruguay; Uzbekistan; Vanuatu; Vatican City; Venezuela; "
    "Vietnam; Yemen; Zambia; Zimbabwe"
)

_STATES = (
    "Alabama; Alaska; Arizona; Arkansas; California; Colorado; Connecticut; Delaware; Florida; Hawaii; Idaho; "
    "Illinois; Indiana; Iowa; Kansas; Kentucky; Louisiana; Maine; Maryland; Massachusetts; Michigan; Minnesota; "
    "Mississippi; Missouri; Montana; Nebraska; Nevada; New Hampshire; New Jersey; New Mexico; New York State; "
    "North Carolina; North Dakota; Ohio; Oklahoma; Oregon; Pennsylvania; Rhode Island; South Carolina; South Dakota; "
    "Tennessee; Texas; Utah; Vermont; Virginia; Washington State; West Virginia; Wisconsin; Wyoming; "
    "Bay Area; Midwest; New England; West Coast; East Coast; Pacific Northwest; "
    "Alberta; British Columbia; Manitoba; New Brunswick; Newfoundland; Nova Scotia; Ontario; "
    "Prince Edward Island; Quebec; Saskatchewan; New South Wales; Queensland; South Australia; Tasmania; "
    "Victoria; Western Australia; Bavaria; Saxony; Hesse; Catalonia; Andalusia; Tuscany; Sicily; Sardinia; Lombardy; "
    "Provence; Brittany; Normandy; Cornwall; Devon; Yorkshire; Kerala; Punjab; Gujarat; Maharashtra; Karnataka"
)

REGIONS: frozenset[str] = frozenset(map(key, "; ".join((_CONTINENTS, _COUNTRIES, _STATES)).split("; ")))
"""Their names in one spelling. Quebec, Georgia or Victoria may be a town too: then both facts simply stay."""
