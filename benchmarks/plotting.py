"""``python -m benchmarks.plotting LINES FIGURE.svg``: what ``growth`` says over the size of a bank.

LINES is a file of what ``python -m benchmarks growth`` printed for several n. Needs matplotlib,
which nothing else here does: ``pip install matplotlib``.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Final

SHOWN: Final = {
    "growth_books": ("an audit of the books", "seconds", "one scan"),
    "growth_bytes": ("a transfer", "bytes", "a raw table"),
}
COLOURS: Final = {"sqlite": "#1f6f8b", "postgresql": "#b5533c"}


def main(lines: Path, figure: Path) -> None:
    """One picture for each figure that is shown: both databases, ours and the limit."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "timebank"  # the same figures make the same file
    from matplotlib import pyplot

    found = _found(lines)
    fig, axes = pyplot.subplots(1, len(SHOWN), figsize=(5 * len(SHOWN), 4))
    for axis, (name, (title, unit, limit)) in zip(axes, SHOWN.items(), strict=True):
        for backend, colour in COLOURS.items():
            sizes, ours, bare = zip(*sorted(found[name, backend]), strict=True)
            axis.plot(sizes, ours, marker="o", color=colour, label=backend)
            axis.plot(sizes, bare, marker="o", color=colour, linestyle=":", label=limit)
        axis.set(title=title, xlabel="transfers in the bank", ylabel=unit, xscale="log")
        axis.set(**{"yscale": "log"} if unit == "seconds" else {"ylim": (0, None)})
        axis.legend()
    fig.tight_layout()
    fig.savefig(figure, metadata={"Date": None})


def _found(lines: Path) -> dict[tuple[str, str], list[tuple[float, ...]]]:
    """Name and backend → n, ours, limit."""
    found: dict[tuple[str, str], list[tuple[float, ...]]] = defaultdict(list)
    for row in lines.read_text().splitlines():
        line = json.loads(row)
        found[line["name"], line["backend"]].append((line["n"], line["ours"], line["limit"]))
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
