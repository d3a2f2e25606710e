"""What people say changes what they said before: each rule with three wordings and more, and what only looks alike.

Every line is one message, a month after the one before; one that begins with "~" follows after a minute.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import count

import pytest

from memlayer.engine.resolve import resolve
from memlayer.extraction.local import LocalExtractor
from memlayer.types import Message, Record, Scope

START = datetime(2024, 1, 10, 12, tzinfo=timezone.utc)
ANN = Scope(user_id="ann")


def live(*lines: str) -> set[str]:
    """What holds after these messages, as texts."""
    extractor, numbers, at = LocalExtractor(), count(1), START
    held: dict[str, Record] = {}
    for n, line in enumerate(lines):
        at += timedelta(minutes=1) if line.startswith("~") else timedelta(days=30)
        message = Message("user", line.removeprefix("~"), at, episode_id=f"e{n}")
        known = [r for r in held.values() if r.status == "live"]
        found = extractor.extract([message], scope=ANN, known=known)
        for decision in resolve(found, known, now=at, new_id=lambda: f"f{next(numbers)}", scope=ANN):
            for record in (*decision.replaced, *((decision.record,) if decision.record else ())):
                held[record.id] = record
    return {r.text for r in held.values() if r.status == "live"}


# rule: (before, after) where what was said before is over
OVER: dict[str, list[tuple[str, str]]] = {
    "something else is used": [
        ("I have a Netflix subscription.", "I switched from Netflix to Disney+."),
        ("I use Windows at work.", "I switched to Linux at work."),
        ("I drink coffee.", "I switched from coffee to tea."),
        ("I bank with Chase.", "I bank with Ally now."),
        ("I bank with Chase.", "I switched banks to Ally."),
        ("My phone is an iPhone 12.", "I upgraded to the iPhone 15."),
        ("My phone is a Pixel 5.", "I got a new phone, a Pixel 8."),
        ("I drive a Fiat.", "I traded my Fiat for a Tesla."),
        ("My laptop is a ThinkPad.", "I replaced my ThinkPad with a MacBook."),
        ("I take the train to work.", "I switched from the train to the bus."),
        ("My bank is HSBC.", "I closed my HSBC account."),
    ],
    "a subscription or membership ends": [
        ("I have a Netflix subscription.", "I cancelled my Netflix subscription."),
        ("I'm subscribed to Spotify.", "I cancelled Spotify."),
        ("I pay for a gym membership, 39 a month.", "I cancelled the gym membership."),
        ("I have a gym membership.", "The membership is too much, so I have a gym membership no more. I quit the gym."),
        ("We have a Costco membership.", "We let our Costco membership expire."),
        ("I'm a member of the local chess club.", "I left the chess club."),
    ],
    "something is sold or given away": [
        ("I drive a Honda Civic.", "I sold the Civic."),
        ("I drive a Honda Civic.", "We sold our car last week."),
        ("I drive a Honda Civic.", "My car got stolen."),
        ("I own a little cabin at the lake.", "I no longer own the cabin."),
        ("I own a house in Sintra.", "We sold the house."),
        ("I own a sailboat.", "I own a sailboat, but it costs too much. We got rid of the sailboat."),
    ],
    "something is given up": [
        ("I play the cello.", "I gave up the cello."),
        ("I'm learning the ukulele.", "The ukulele is in the attic, I gave it up."),
        ("I take piano lessons.", "I quit piano lessons."),
        ("I'm taking Spanish lessons.", "I dropped my Spanish lessons."),
        ("I go running on Sundays.", "I quit running."),
        ("I go to the gym every morning.", "I stopped going to the gym."),
    ],
    "the way to work": [
        ("I take the bus to work.", "I stopped taking the bus."),
        ("I take the bus to work.", "I bike to work now."),
        ("I drive to work.", "These days I drive nowhere. I walk to work now."),
    ],
    "what is read and watched": [
        ("I'm reading Middlemarch.", "I'm reading Dracula now."),
        ("I'm reading \"Emma\".", "I'm reading \"Dune\" now."),
        ("I'm watching Dark.", "I'm watching Severance now."),
    ],
    "another time": [
        ("My yoga class is on Tuesdays at 6.", "My yoga class moved to Thursday."),
        ("My interview is on May 3rd.", "They rescheduled my interview to May 10th."),
        ("My flight is at 9 am.", "~Sorry, my flight is at 10 am."),
        ("I have a dentist appointment on March 3rd.", "The dentist moved my appointment to March 10th."),
        ("My wedding is on June 14.", "We moved the wedding to September 20."),
        ("My flight to Iceland is on the 4th of May.", "They moved my flight to Iceland to the 6th of May."),
        ("The exam is on Thursday.", "The exam was moved to Friday."),
        ("My appointment with the dentist is on Tuesday.", "I had to reschedule my dentist appointment to Thursday."),
    ],
    "a plan is off": [
        ("We're flying to Portugal in June.", "We had to cancel the Portugal trip."),
        ("I'm visiting Japan in May.", "We cancelled the trip to Japan."),
        ("I'm planning to move to Canada.", "I decided not to move to Canada."),
        ("I'm visiting Japan in May.", "The trip to Japan got cancelled."),
        ("I'm moving to Berlin in March.", "The move to Berlin fell through."),
    ],
    "debts": [
        ("Kim owes me 40 for the tickets.", "~I meant 60, there was a fee. Kim owes me 60."),
        ("Kim owes me 40.", "Kim paid me back."),
        ("I owe my brother 200 euros.", "I paid my brother back."),
    ],
    "years go by": [
        ("My son is 14 and knows everything.", "My son just turned 15."),
        ("My daughter Mia is 5.", "Mia is 6 now."),
        ("My cat Clover is six years old.", "Clover turned seven last week."),
        ("I'm 34.", "I turned 35 yesterday."),
        ("I'm 29 years old.", "I turned 30 in March!"),
    ],
    "school": [
        ("My daughter Nell is in kindergarten.", "Nell is in first grade now."),
        ("My daughter Mia is in first grade.", "Mia started middle school."),
        ("My brother Tom is in high school.", "Tom started college."),
        ("I'm studying biology.", "I changed my major to chemistry."),
    ],
    "love": [
        ("I'm seeing someone, her name is Freya.", "Freya and I broke up."),
        ("My boyfriend is called Leo.", "I'm single again."),
        ("I'm single.", "I'm in a relationship with Noah now."),
        ("I'm engaged to Priya.", "We called off the engagement."),
        ("I'm engaged to Priya.", "Priya and I got married."),
        ("I've been dating Maria for a year.", "Maria and I got engaged!"),
        ("My brother is married to Lisa.", "My brother got divorced."),
        ("I'm married to Sven.", "I got divorced last year."),
        ("My sister is married to Tom.", "My sister and her husband split up. My sister is divorced now."),
    ],
    "versions": [
        ("We use Postgres 14.", "We upgraded the backend to Postgres 16."),
        ("I use Python 3.10.", "I switched to Python 3.13."),
        ("I use Chrome.", "I switched to Firefox."),
    ],
    "what is set": [
        ("Our Wi-Fi password is hunter2.", "We changed the Wi-Fi password to swordfish."),
        ("My PIN is 0148.", "I changed my PIN to 7731."),
        ("My passport expires in March 2025.", "I renewed my passport, it now expires in 2035."),
        ("My gym is PureGym.", "I switched gyms, I go to Fitness First now."),
        ("I have 300 dollars in savings.", "I now have 500 dollars in savings."),
        ("My dose of metformin is 500 mg.", "My doctor increased my metformin to 1000 mg."),
    ],
    "hours": [
        ("I work from home on Tuesdays.", "I work from home on Thursdays now."),
        ("My husband works night shifts.", "My husband switched to day shifts."),
        ("I wake up at 6.", "I wake up at 7 these days."),
    ],
    "animals go": [
        ("I have a dog named Rex.", "Rex died yesterday."),
        ("I have a dog named Rex.", "My dog passed away."),
        ("I have a cat.", "Our cat died last week."),
        ("We have a cat named Misty.", "We rehomed our cat Misty."),
    ],
    "health": [
        ("I take sertraline every morning.", "My doctor took me off sertraline."),
        ("I'm allergic to peanuts.", "I outgrew my peanut allergy."),
        ("I'm allergic to shellfish.", "It turns out I'm not allergic to shellfish after all."),
        ("I smoke.", "I quit smoking in March."),
        ("I weigh 82 kg.", "I'm down to 78 kg."),
    ],
    "other people": [
        ("My sister has a Netflix subscription.", "My sister cancelled her Netflix subscription."),
        ("My daughter is learning the violin.", "My daughter gave up the violin."),
        ("My son is allergic to peanuts.", "My son outgrew his peanut allergy."),
        ("My roommate is vegetarian.", "My roommate isn't vegetarian anymore."),
        ("My friend works at Acme.", "My friend no longer works at Acme."),
        ("My brother drives a Volvo.", "My brother sold his car."),
        ("My mother takes metformin.", "My mother stopped taking metformin."),
        ("My boss is Dana.", "I have a new boss, Omar."),
    ],
    "diets": [
        ("I'm vegetarian.", "I started eating meat again."),
        ("I'm vegan.", "I eat cheese again."),
        ("I'm on keto.", "I stopped doing keto."),
        ("My brother is vegan.", "My brother isn't vegan anymore."),
        ("My best friend is vegan.", "My best friend eats meat now."),
        ("I can't eat gluten.", "I'm eating gluten again."),
    ],
    "tastes": [
        ("I love sushi.", "I can't stand sushi anymore."),
        ("I hate running.", "I've started to enjoy running."),
        ("I prefer window seats.", "I prefer aisle seats now."),
        ("My favourite colour is blue.", "My favorite color is green."),
        ("My favorite show is Lost.", "My favorite show used to be Lost, but now it's Dark."),
    ],
    "numbers and addresses": [
        ("My phone number is 555-0100.", "My phone number changed, it's now 555-0101."),
        ("My email is ann@example.org.", "My email has changed to ann@example.com."),
        ("My rent is 900.", "My rent went up to 1200."),
        ("My rent is 900.", "My landlord raised the rent to 1200."),
        ("My landlord is Mr. Petrov.", "We have a new landlord, Ms. Kovac."),
        ("My brother's phone number is 555-0100.", "My brother's new number is 555-0101."),
    ],
    "homes": [
        ("I live in Leeds.", "We finally moved to Bristol last weekend!"),
        ("I live in Leeds.", "I left Leeds and I'm living in Valencia."),
        ("My girlfriend Sara and I live together in Turin.", "I moved to Milan."),
    ],
    "work": [
        ("I work at Acme.", "I changed jobs, I'm at Globex now."),
        ("I work at Acme.", "I'm no longer with Acme."),
        ("I work as a teacher in Lyon.", "I retired last June."),
        ("My sister works at Google.", "My sister left Google for OpenAI."),
        ("I work at Google.", "I moved from Google to Meta."),
    ],
    "counts": [
        ("We have a dog.", "We have two dogs now."),
        ("I have 2 kids.", "I have 3 kids now."),
        ("I have two cats.", "I have three cats now."),
    ],
    "names": [
        ("My name is Sarah Miller.", "I got married and changed my name to Sarah Jones."),
        ("Call me Ali.", "Actually, please call me Alexander."),
        ("Everyone calls me Bob.", "My name is Robert, and I go by Rob now."),
    ],
    "names put right": [
        ("I have a kitten called Mocha.", "~Actually, the kitten's name is Moki, not Mocha."),
        ("I have a kitten called Mocha.", "Her name is Moki, not Mocha."),
        ("My sister's name is Anna.", "~It's spelled Hanna, not Anna."),
        ("My dog's name is Rex.", "~Correction: my dog's name is Max."),
    ],
    "meant otherwise": [
        ("I'm allergic to walnuts.", "~Sorry, I meant hazelnuts."),
        ("I live in Portland, Oregon.", "~I mean Portland, Maine."),
        ("My phone number is 555-0100.", "~Oops, it's 555-0101."),
        ("My sister lives in Rome.", "~No wait, Paris."),
    ],
    "taken back": [
        ("I'm allergic to cats.", "Forget what I said about cats."),
        ("My car is a Fiat Panda.", "Please forget everything I told you about my car."),
        ("I live in Lyon.", "Can you forget that I live in Lyon?"),
        ("I like jazz.", "~I take that back."),
    ],
}  # fmt: skip

# rule: (before, after) where both hold
STAND: dict[str, list[tuple[str, str]]] = {
    "something else is used": [
        ("I use Python.", "I use Rust."),
        ("I bank with Chase.", "I also bank with Ally."),
        ("I bank with Chase.", "I closed the door of my account manager."),
        ("I have a Netflix subscription.", "I subscribed to Mubi."),
        ("I use Slack.", "I switched to Linux."),
        ("My phone is a Pixel 5.", "I got a new phone, an iPhone 15, for my daughter."),
        ("My phone is a Pixel 5.", "I bought an iPhone 15 for my son."),
    ],
    "a subscription or membership ends": [
        ("I have a Netflix subscription.", "My sister cancelled her Netflix subscription."),
        ("I'm a member of a chess club.", "I cancelled my gym membership."),
        ("I have a gym membership.", "I left the gym at six."),
        ("I'm a member of the chess club.", "I left the club at two in the morning."),
        ("I use Slack.", "I dropped Anna off at school."),
        ("I have a Netflix subscription.", "I might cancel my Netflix subscription."),
    ],
    "something is sold or given away": [
        ("I drive a Tesla.", "I sold my old car."),
        ("I drive a Tesla.", "My wife sold her car."),
        ("I drive a Fiat. I have a Ford Mustang.", "I sold the car."),
        ("I own a house in Sintra.", "I sold my bike."),
        ("I drive a Tesla.", "I'm thinking of selling my car."),
    ],
    "something is given up": [
        ("I play the cello.", "I gave up the ukulele."),
        ("I'm learning French.", "I'm learning Spanish now."),
        ("I go running on Sundays.", "I quit my job."),
        ("I play the cello.", "My sister gave up the cello."),
    ],
    "the way to work": [
        ("I take the bus to work.", "I sometimes bike to work."),
        ("I take the bus to work.", "My wife bikes to work now."),
        ("I drive to work.", "I take the train to Milan."),
    ],
    "what is read and watched": [
        ("I'm reading Emma.", "I'm reading Dune too."),
        ("I'm reading Emma.", "My son is reading Dune now."),
        ("I'm reading Emma.", "I'm watching Dark now."),
    ],
    "another time": [
        ("My yoga class is on Tuesdays.", "My pilates class moved to Thursdays."),
        ("My flight to Rome is on the 4th of May.", "They moved my flight to Oslo to the 6th of May."),
        ("My yoga class is on Tuesdays.", "My daughter's yoga class moved to Thursdays."),
        ("I have a dentist appointment on March 3rd.", "My interview was moved to March 10th."),
    ],
    "a plan is off": [
        ("We're flying to Japan in May.", "We cancelled the trip to Italy."),
        ("I'm flying to Oslo in June. I'm flying to Rome in May.", "The trip got cancelled."),
        ("I'm planning to move to Canada.", "My sister decided not to move to Canada."),
    ],
    "debts": [
        ("Kim owes me 40.", "Kim owes me 20 for lunch."),
        ("Kim owes me 40.", "Tom paid me back."),
        ("I owe Kim 40.", "Kim owes me 20."),
    ],
    "years go by": [
        ("My daughter is 5.", "My daughter is 8."),
        ("My son Tom is 6.", "My son Ben is 7."),
        ("I'm 34.", "My sister turned 35."),
    ],
    "school": [
        ("I'm in grad school.", "I started college in 2010."),
        ("My daughter Nell is in kindergarten.", "My son Max is in first grade."),
        ("I'm studying biology.", "My sister changed her major to chemistry."),
    ],
    "love": [
        ("I'm engaged to Priya.", "My brother called off his engagement."),
        ("I'm dating Leo.", "My boss and I broke up the fight."),
        ("I'm married to Sven.", "My sister and her husband got divorced."),
        ("I'm dating Leo.", "Freya and I are friends."),
    ],
    "versions": [
        ("We use Postgres 14.", "We use Redis 7."),
        ("I use Python 3.10.", "I use Python 3.13 at work."),
        ("I use Chrome.", "I switched to Linux."),
    ],
    "what is set": [
        ("My PIN is 0148.", "I changed my Wi-Fi password to swordfish."),
        ("My passport expires in March 2025.", "My visa expires in May 2024."),
        ("My gym is PureGym.", "My sister's gym is Fitness First."),
        ("My dose of metformin is 500 mg.", "I take 200 mg of ibuprofen."),
    ],
    "hours": [
        ("I work from home on Tuesdays.", "I work from home on Thursdays."),
        ("My husband works night shifts.", "I work day shifts."),
        ("I wake up at 6.", "My son wakes up at 7."),
    ],
    "animals go": [
        ("I have two cats, Miso and Tofu.", "Our cat died last week."),
        ("I have a dog named Rex.", "My sister's dog died."),
        ("I have a cat named Mocha.", "I have a cat named Tiger."),
    ],
    "health": [
        ("I take ibuprofen.", "I take metformin."),
        ("I'm allergic to peanuts.", "My son outgrew his peanut allergy."),
        ("I'm allergic to peanuts.", "I'm not allergic to shellfish."),
    ],
    "other people": [
        ("My friend works at Acme.", "My friend works at Globex."),
        ("My friend works at Acme.", "My friend doesn't work at Acme."),
        ("My son is allergic to peanuts.", "My daughter outgrew her peanut allergy."),
        ("My roommate is vegetarian.", "My neighbor isn't vegetarian anymore."),
        ("My brother works at Acme.", "My brother works at Globex."),
    ],
    "diets": [
        ("I'm vegetarian.", "I eat fish sometimes."),
        ("I'm vegetarian.", "My husband started eating meat again."),
        ("I'm vegetarian.", "I eat cheese again."),
    ],
    "tastes": [
        ("I prefer window seats.", "I prefer dark mode now."),
        ("I love sushi.", "My wife can't stand sushi anymore."),
        ("I love sushi.", "I can't stand raw onions anymore."),
    ],
    "numbers and addresses": [
        ("My rent is 900.", "My brother's rent is 700."),
        ("I live on the fourth floor.", "We are on the second floor of the museum."),
        ("I weigh 82 kg.", "I'm up to 40 kg on squats."),
        ("My phone number is 555-0100.", "My work number is 555-0199."),
        ("My rent is 900.", "My landlord raised my sister's rent to 1200."),
    ],
    "homes": [
        ("I live in Leeds.", "I live in Bristol on weekends."),
        ("I live in Leeds.", "My brother moved to Bristol."),
        ("I live in Leeds.", "We moved the couch to the attic."),
    ],
    "work": [
        ("I work at Acme.", "I work at Globex on weekends."),
        ("I work at Acme.", "I'm at Starbucks."),
        ("I work at Acme.", "My sister left Google for OpenAI."),
    ],
    "names put right": [
        ("I have a kitten called Mocha.", "I have a dog, Rex, not a cat."),
        ("My sister's name is Anna.", "My other sister's name is Hanna."),
        ("I have two cats, Miso and Tofu.", "~My dog's name is Max, not Rex."),
    ],
    "meant otherwise": [
        ("I'm allergic to nuts.", "~Actually, it's sunny."),
        ("I'm allergic to nuts.", "~Actually, pizza."),
        ("I live in Rome.", "~Actually, it's Monday today."),
        ("I like tea.", "~Actually, it's delicious."),
        ("I live in Rome.", "I meant Paris."),
    ],
    "taken back": [
        ("I like jazz.", "I take that back."),
        ("I like jazz.", "~Forget it."),
        ("I'm allergic to cats.", "Forget what I said about dogs."),
        ("I like jazz.", "Never mind."),
    ],
}  # fmt: skip


@pytest.mark.parametrize(("before", "after"), [pair for pairs in OVER.values() for pair in pairs])
def test_it_is_over(before: str, after: str) -> None:
    was = live(before)
    assert was, "nothing was read of what is said before"
    assert was - live(before, after)


@pytest.mark.parametrize(("before", "after"), [pair for pairs in STAND.values() for pair in pairs])
def test_it_still_stands(before: str, after: str) -> None:
    was = live(before)
    assert was, "nothing was read of what is said before"
    assert was <= live(before, after)


def test_every_rule_has_three_wordings_and_counter_cases() -> None:
    assert all(len(pairs) >= 3 for pairs in (*OVER.values(), *STAND.values()))
    assert set(STAND) <= set(OVER)
