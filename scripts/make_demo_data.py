"""Make the demo's half year: a time bank like those whose public counters are known.

Synthetic: no real person or exchange stands behind a row. Calibrated to figures of 127 real time
banks over 128 days of 2019: the median bank has 61 members; the median active one records 50.5
exchanges (about 72 in half a year) and 144.5 hours, 2.76 hours per exchange. That few members do
most and half of them nothing is our assumption; the counters say nothing of single members.

    python scripts/make_demo_data.py        writes src/timebank/cli/demo_data/*.csv again
"""
# ruff: noqa: T201

import csv
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

SEED = 8
MEMBERS = 61
ACTIVE = 31
DAYS = 182
EXCHANGES = 72
FLOOR = -20 * 60
HERE = Path(__file__).resolve().parent.parent / "src/timebank/cli/demo_data"

FIRST = (
    *("Ada", "Amir", "Anna", "Aoife", "Ben", "Bridget", "Carla", "Chidi", "Clive", "Dilys"),
    *("Dora", "Edwin", "Elif", "Emma", "Farah", "Frank", "Gita", "Glen", "Grace", "Hana"),
    *("Hugh", "Ines", "Ivor", "Jack", "Joan", "Kofi", "Kirsty", "Lena", "Leroy", "Lucy"),
    *("Marek", "Maud", "Mina", "Nadia", "Ned", "Nia", "Olga", "Omar", "Owen", "Pat"),
    *("Petra", "Priya", "Ray", "Rhian", "Rosa", "Sami", "Sian", "Stella", "Tariq", "Ted"),
    *("Tess", "Una", "Vera", "Viktor", "Wendy", "Will", "Yusuf", "Zoe", "Zofia"),
)
LAST = (
    *("Adeyemi", "Ahmed", "Allen", "Barker", "Bell", "Begum", "Brook", "Carter", "Cole", "Davies"),
    *("Dean", "Diaz", "Evans", "Field", "Ford", "Grant", "Green", "Hale", "Hill", "Hughes"),
    *("Iqbal", "Jones", "Kaur", "Kelly", "Khan", "Lane", "Lewis", "Mills", "Moss", "Novak"),
    *("Okafor", "Page", "Parry", "Patel", "Reid", "Rossi", "Shah", "Silva", "Stone", "Thomas"),
    *("Underhill", "Vaughan", "Walsh", "West", "Wood", "Wright", "Yilmaz", "Young"),
)
ORGANISATIONS = ("Riverside Library", "Canal Street Garden")
CATEGORIES = (
    *("garden",) * 4,
    *("transport",) * 4,
    *("company",) * 4,
    *("home repairs",) * 3,
    *("learning",) * 3,
    *("food",) * 2,
    *("care",) * 2,
    *("children",) * 2,
    "office",
    "other",
)


def main() -> None:
    """Write both files and say how they compare with the published figures."""
    chance = random.Random(SEED)
    members = make_members(chance)
    exchanges = make_exchanges(chance, [row[0] for row in members])
    write("members.csv", ("ref", "name", "kind", "joined_days_ago"), members)
    columns = ("key", "days_ago", "giver", "receiver", "minutes", "category")
    write("half_year.csv", columns, exchanges)
    minutes = sorted(row[4] for row in exchanges)
    people = {ref for row in exchanges for ref in row[2:4]}
    print(f"{len(members)} members, {len(people)} with an exchange")
    print(f"{len(exchanges)} exchanges, {sum(minutes) / 60:.1f} hours")
    print(f"hours per exchange: mean {sum(minutes) / len(minutes) / 60:.2f}, ", end="")
    print(f"median {minutes[len(minutes) // 2] / 60:.2f}")


def make_members(chance: random.Random) -> list[tuple[str, str, str, int]]:
    """Refs, names, kinds, and how long ago each joined; two of them are organisations."""
    first = chance.sample(FIRST, MEMBERS - len(ORGANISATIONS))
    names = [f"{name} {chance.choice(LAST)}" for name in first]
    people = [(name, "person", chance.randint(DAYS + 1, 1500)) for name in sorted(names)]
    groups = [(name, "organisation", chance.randint(DAYS + 1, 900)) for name in ORGANISATIONS]
    return [
        (f"M-{n:02d}", name, kind, joined)
        for n, (name, kind, joined) in enumerate(people + groups, start=1)
    ]


def make_exchanges(
    chance: random.Random, refs: list[str]
) -> list[tuple[str, int, str, str, int, str]]:
    """Few members do most; nobody goes below the floor; earlier days first."""
    active = [*chance.sample(refs[: -len(ORGANISATIONS)], ACTIVE - 2), *refs[-2:]]
    chance.shuffle(active)
    weights = [1 / (place + 2) for place in range(ACTIVE)]
    between = (chance.randint(1, DAYS) for _ in range(EXCHANGES - 2))
    days = [DAYS, *sorted(between, reverse=True), 1]
    balances: Counter[str] = Counter()
    waiting = active.copy()
    chance.shuffle(waiting)
    rows = []
    for n, day in enumerate(days, start=1):
        minutes = min(600, max(30, 15 * round(chance.lognormvariate(4.94, 0.6) / 15)))
        giver = waiting.pop() if waiting else chance.choices(active, weights)[0]
        able = [ref for ref in active if ref != giver and balances[ref] - minutes >= FLOOR]
        receiver = chance.choices(able, [weights[active.index(ref)] for ref in able])[0]
        balances[giver] += minutes
        balances[receiver] -= minutes
        rows.append((f"paper-{n:03d}", day, giver, receiver, minutes, chance.choice(CATEGORIES)))
    return rows


def write(name: str, columns: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> None:
    """One file beside the command that reads it."""
    with (HERE / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


if __name__ == "__main__":
    main()
