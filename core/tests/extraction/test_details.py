"""Things of which people have one, and what only looks like them."""

from __future__ import annotations

import pytest

from memlayer.extraction._details import detail


@pytest.mark.parametrize(
    ("text", "attribute", "value"),
    [
        ("my rent is 900 and the heating is extra", "detail:rent", "900"),
        ("My monthly rent is now $1,250.50", "detail:monthly_rent", "$1,250.50"),
        ("My rent is now $1,000-$1,200.", "detail:rent", "$1,000-$1,200"),  # and takes the place of one of $900
        ("My rent is $1k to $1.2k a month", "detail:rent", "$1k to $1.2k a month"),
        ("Our vet is Dr. Lemaire now, closer to the tram", "detail:vet", "Dr. Lemaire"),
        ("my new dentist is called Blum", "detail:dentist", "Blum"),
        ("my personal best time in the 5K is 25:50", "detail:best_time_for_5k", "25:50"),
        ("my highest score in Carcassonne is 132 points", "detail:highest_score_in_carcassonne", "132 points"),
        ("My savings goal for the year is 5000 euros now", "detail:savings_goal_for_the_year", "5000 euros"),
        ("my mother's birthday is on the 21st of June", "detail:mother_birthday", "the 21st of June"),
        ("my wedding is on June 14, 2025", "detail:wedding", "June 14, 2025"),
        ("our budget is now 5k", "figure:budget", "5k"),
        ("My SkyMiles balance is 10,000 miles", "figure:skymiles_balance", "10,000 miles"),
        ("my chess rating is now 1510", "detail:chess_rating", "1510"),
        ("my best marathon time is 4:05", "detail:best_time_for_marathon", "4:05"),
        ("my blood type is A negative", "detail:blood_type", "A negative"),
        ("the door code is 4711", "detail:door_code", "4711"),
        ("my passport number is X1234567", "detail:passport_number", "X1234567"),
    ],
)
def test_detail(text: str, attribute: str, value: str) -> None:
    (reading,) = detail(text)
    assert (reading.attribute, reading.value) == (attribute, value)


@pytest.mark.parametrize(
    "text",
    [
        "my old rent is 700",
        "my dentist is lovely",
        "my dentist is Monday at nine",
        "my vet was Dr. Sato",
        "my flight is at 9",
        "my friend is Anna",
        "my budget is 500",
        "my weight is a secret",
        "my plan is 10 lessons",
        "his rent is 900",
        "my phone is dead",
        "my level is fine",
        "my bus is 40 euros",
        "my sister is 40 kg",
        "the rent is 900",
        "my problem is 5% of it",
    ],
)
def test_no_detail(text: str) -> None:
    assert detail(text) == []
