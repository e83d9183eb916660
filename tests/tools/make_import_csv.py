"""Make an import file and say what each member's balance must be. Standard library only.

It knows nothing of timebank: its sums are an independent answer to the same rows.

    python tests/tools/make_import_csv.py --rows 10000 --members 200 --out rows.csv > sums.json
"""

import argparse
import csv
import json
import random
import sys
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

CATEGORIES = ("care", "garden", "transport", "food", "")
FLOOR = -20 * 60


def main() -> None:
    """Write the file; print the sums as one JSON object, members in order."""
    parser = argparse.ArgumentParser(description="Make an import file.")
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--members", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--last-day", type=date.fromisoformat, default=date(2026, 6, 30))
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    sums = write(given.out, given.rows, given.members, given.seed, given.last_day)
    json.dump(sums, sys.stdout, indent=1, sort_keys=True)


def write(out: Path, rows: int, members: int, seed: int, last_day: date) -> dict[str, int]:
    """Rows in order of day, nobody below the floor; the minutes of every member."""
    chance = random.Random(seed)
    refs = [f"M-{n:05d}" for n in range(1, members + 1)]
    sums: Counter[str] = Counter(dict.fromkeys(refs, 0))
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            ("key", "happened_on", "giver", "receiver", "minutes", "category", "reason")
        )
        for n in range(rows):
            minutes = chance.choice((15, 30, 45, 60, 90, 120, 165, 240))
            receiver = chance.choice(refs)
            while sums[receiver] - minutes < FLOOR:
                receiver = chance.choice(refs)
            giver = chance.choice([ref for ref in chance.sample(refs, 2) if ref != receiver])
            day = last_day - timedelta(days=(rows - 1 - n) * 180 // rows)
            category = chance.choice(CATEGORIES)
            writer.writerow((f"r{seed}-{n}", day, giver, receiver, minutes, category, ""))
            sums[giver] += minutes
            sums[receiver] -= minutes
    return dict(sums)


if __name__ == "__main__":
    main()
