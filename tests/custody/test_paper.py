"""P-36, P-32 and P-14: one page in large type, a blank sheet, and pages that out nobody."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tests.custody.scheme import INSIDE, OUTSIDE, SITE, Scheme
from tests.custody.test_scheme import earned, keep, membership
from timebank import Hours, accounts
from timebank.custody import Part, Place, destinations, paper, people, sheets, sites
from timebank.custody.domain.query import slip_number
from timebank.custody.paper import LINES, ROWS
from timebank.formats.statement_page import Heading

NO_CASH = "no cash value"


class Text(HTMLParser):
    """The words of a page, and everything it would fetch."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self._style = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self._style = tag == "style"
        self.links += [v for n, v in attrs if n in ("src", "href", "srcset") or tag == "script"]

    def handle_endtag(self, tag: str) -> None:
        self._style = False

    def handle_data(self, data: str) -> None:
        if not self._style and data.strip():
            self.words.append(data.strip())

    @property
    def text(self) -> str:
        return " ".join(self.words)


def statement(scheme: Scheme, account: str) -> Any:
    return scheme.see(accounts.statement, account, start=date(2026, 3, 1), end=date(2026, 4, 1))


def page_of(scheme: Scheme, ref: str) -> str:
    found = statement(scheme, membership(scheme, ref).custody)
    held = scheme.minutes(ref)[1]
    who = scheme.people[ref]
    return paper.prisoner(found, person=who, ref="r7", held_minutes=held, made_on=scheme.today)


def heading(scheme: Scheme, holder: str) -> Heading:
    return Heading(
        bank=SITE,
        bank_name="HMP Riverside",
        zone="Europe/London",
        holder=holder,
        kind=scheme.see(accounts.get, scheme.accounts["gran"]).kind,
        ref=None,
        made_on=scheme.today,
    )


@pytest.fixture
def lived(sqlite_scheme: Scheme) -> Scheme:
    """Ray earned, held, gave, spent, and something was put right."""
    scheme = sqlite_scheme
    one = scheme.beneficiary("ray", "gran")
    keep(
        scheme,
        "ray",
        parts=(Part(place=Place.OWN, weight=3), Part(place=Place.HELD), Part(place=Place.POT)),
    )
    scheme.posted("S-1", ("ray", 240))
    scheme.two(destinations.give, "ray", hours=Hours(minutes=30), beneficiary=one)
    scheme.do(accounts.open, kind="activity", label="library", by=scheme.cora)
    price = {"account": "library", "hours": Hours(minutes=15)}
    scheme.two(destinations.set_price, "library", **price)
    scheme.do(destinations.spend, "ray", item="library", by=scheme.cora)
    wrong = scheme.posted("S-2", ("ray", 30))
    scheme.two(sheets.reverse, wrong, reason="entered twice")
    return scheme


def test_p36_one_page_says_what_somebody_has_and_where_it_went(lived: Scheme) -> None:
    page = Text(page_of(lived, "ray"))
    for words in (
        "Work: learning",
        "Held until release",
        "To the community pot",
        "To somebody on your list",
        "Spent",
        "Put right",
        "This is wrong.",
        f"Slip {slip_number(lived.people['ray'], lived.today)}:",
        str(Hours(minutes=lived.minutes("ray")[0])),
        str(Hours(minutes=lived.minutes("ray")[1])),
    ):
        assert words in page.text
    assert page.links == []


def test_p36_outside_the_fold_only_a_number_and_a_day_show(lived: Scheme) -> None:
    page = page_of(lived, "ray")
    outside = Text(page[page.index("<body>") : page.index('<hr class="fold">')])
    assert outside.words == ["r7", "10 Mar 2026"]


def test_p36_it_is_one_page_however_much_happened(sqlite_scheme: Scheme) -> None:
    keep(sqlite_scheme, "ray")
    for n in range(LINES + 4):
        sqlite_scheme.posted(f"S-{n}", ("ray", 15))
    page = page_of(sqlite_scheme, "ray")
    assert page.count('<td class="day">') == LINES + 1
    assert ">1:00</td>" in page  # what the four earlier ones left
    assert str(Hours(minutes=15 * (LINES + 4))) in Text(page).text


def test_p36_a_blank_sheet_has_a_number_rows_and_two_signatures() -> None:
    page = paper.blank_sheet(paper="S-18", activity="garden", day=date(2026, 3, 10))
    text = Text(page)
    assert page.count('<td class="n">') == ROWS + 1
    for words in ("S-18", "garden", "10 Mar 2026", "It took place", "To be credited"):
        assert words in text.text
    assert text.links == []


def test_p36_everything_that_is_printed_is_safe_as_html() -> None:
    page = paper.blank_sheet(paper="S-1", activity="<script>alert(1)</script>")
    assert "<script>" not in page


BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
A4_SHEETS = re.compile(rb"/MediaBox\s*\[0 0 59[45][.0-9]* 84[12][.0-9]*\]")
SHEETS = re.compile(rb"/Type\s*/Page\b")


@pytest.mark.skipif(BROWSER is None, reason="there is no browser that prints")
def test_p36_a_browser_prints_each_page_on_one_sheet_of_a4(
    sqlite_scheme: Scheme, tmp_path: Path
) -> None:
    keep(sqlite_scheme, "ray")
    for n in range(LINES + 4):
        sqlite_scheme.posted(f"S-{n}", ("ray", 15))
    full = page_of(sqlite_scheme, "ray").replace("Work: learning", "Work: " + "companionship " * 4)
    pages = {
        "statement": full,
        "sheet": paper.blank_sheet(paper="S-18", activity="companionship " * 4),
        "family": paper.family(
            statement(sqlite_scheme, sqlite_scheme.accounts["gran"]), heading(sqlite_scheme, "Gran")
        ),
    }
    for name, page in pages.items():
        printed = _printed(page, tmp_path / name)
        assert (len(SHEETS.findall(printed)), len(A4_SHEETS.findall(printed))) == (1, 1), name


def _printed(page: str, place: Path) -> bytes:
    source, target = place.with_suffix(".html"), place.with_suffix(".pdf")
    source.write_text(page, encoding="utf-8")
    how = ("--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer")
    command = [str(BROWSER), *how, f"--print-to-pdf={target}", source.as_uri()]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return target.read_bytes()


OUTING = re.compile(r"prison|custody|riverside|hmp|inmate|offender|sentence|release|inside\b", re.I)


def test_p32_a_familys_page_names_no_site_no_donor_and_no_prison(lived: Scheme) -> None:
    lived.two(people.release, "ray", reason="other")
    gran = paper.family(statement(lived, lived.accounts["gran"]), heading(lived, "Gran Outside"))
    text = Text(gran).text
    assert OUTING.search(text.replace("Gran Outside", "")) is None
    assert re.search(r"\b(garden|care|learning|company|food)\b", text) is None, (
        "what was done inside"
    )
    known = [f"{ref.title()} Inside" for ref in INSIDE] + [*INSIDE, *lived.people.values()]
    assert [name for name in known if re.search(rf"\b{name}\b", text)] == []
    assert "0:30" in text


def test_p32_nor_does_it_say_what_was_done_inside(sqlite_scheme: Scheme) -> None:
    one = sqlite_scheme.beneficiary("ray", "gran")
    keep(sqlite_scheme, "ray", parts=(Part(place=Place.BENEFICIARY, beneficiary=one),))
    sqlite_scheme.posted("S-1", ("ray", 60))
    lines = statement(sqlite_scheme, sqlite_scheme.accounts["gran"])
    activity = lines.lines[-1].entry.category
    text = Text(paper.family(lines, heading(sqlite_scheme, "Gran"))).text
    assert activity is not None
    assert (activity in text, "1:00" in text) == (False, True)


def test_p32_neither_does_it_after_a_death_or_a_move(lived: Scheme) -> None:
    one = lived.beneficiary("sam", "gran")
    earned(lived, "sam", 60)
    lived.do(people.death, "sam", by=lived.cora)
    lived.two(people.close, "sam", reason="safeguarding", beneficiary=one)
    text = Text(paper.family(statement(lived, lived.accounts["gran"]), heading(lived, "Gran"))).text
    assert OUTING.search(text) is None
    assert ("safeguarding" in text, "1:00" in text) == (False, True)


def test_p36_no_page_names_anybody(lived: Scheme) -> None:
    lived.two(sites.move_out, "ray", to="leyhill")
    text = Text(page_of(lived, "ray")).text
    assert [n for n in (*OUTSIDE, "Gran", "Ray", "Cora") if re.search(rf"\b{n}\b", text)] == []
    assert "Gone ahead to the other site" in text


def test_p14_every_page_says_that_hours_have_no_cash_value(lived: Scheme) -> None:
    pages = (
        page_of(lived, "ray"),
        paper.blank_sheet(paper="S-1"),
        paper.family(statement(lived, lived.accounts["gran"]), heading(lived, "Gran")),
    )
    for page in pages:
        assert NO_CASH in Text(page).text
