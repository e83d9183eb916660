"""CSV out and in: nothing is lost, nothing runs in a spreadsheet, nothing breaks the reader."""

import csv
import io
import re
from datetime import date

from hypothesis import example, given
from hypothesis import strategies as st

from timebank.formats.csv_cells import safe_cell, to_csv
from timebank.formats.csv_import import EXCHANGES, MOST_MINUTES, read

DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
HARMLESS = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?|-?[0-9]+:[0-5][0-9]")

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
refs = st.text(
    st.characters(categories=["L", "N", "P", "S"], exclude_characters="\0"),
    min_size=1,
    max_size=60,
)
rows = st.tuples(
    st.dates(min_value=date(1970, 1, 1)),
    refs,
    refs,
    st.integers(1, MOST_MINUTES),
    st.none() | refs,
).filter(lambda row: row[1] != row[2])


@given(texts | st.sampled_from(DANGEROUS).flatmap(lambda first: texts.map(lambda t: first + t)))
@example("=HYPERLINK(1)")
@example("-1+1")
@example("+44 20 7946 0000")
@example("-90")
@example("-0:45")
@example("-0:75")
@example("٣-")
def test_no_cell_is_a_formula(text):
    safe = safe_cell(text)
    assert not safe.startswith(DANGEROUS) or HARMLESS.fullmatch(safe)
    assert safe in (text, f"'{text}")


@given(st.lists(st.lists(texts, min_size=2, max_size=2), max_size=5))
def test_cells_come_back_as_they_were_written(cells):
    text = to_csv(("one", "two"), cells)
    found = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert found == [["one", "two"], *([safe_cell(c) for c in row] for row in cells)]


@given(st.lists(rows, min_size=1, max_size=8), st.sampled_from([",", ";", "\t"]))
def test_what_is_written_is_read(given_rows, delimiter):
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(("key", "happened_on", "giver", "receiver", "minutes", "category"))
    for n, (day, giver, receiver, minutes, category) in enumerate(given_rows):
        writer.writerow((f"k{n}", day.isoformat(), giver, receiver, minutes, category or ""))
    found = read(io.BytesIO(out.getvalue().encode()), EXCHANGES)
    assert found.faults == ()
    assert [
        (r.happened_on, r.giver, r.receiver, r.minutes, r.category) for r in found.rows
    ] == given_rows


@given(st.binary(max_size=400))
@example(b"\xff\xfe")
@example(b"\xef\xbb\xbf")
def test_any_bytes_give_rows_or_faults_and_never_an_exception(content):
    header = b"key,happened_on,giver,receiver,minutes\n"
    for found in (
        read(io.BytesIO(content), EXCHANGES),
        read(io.BytesIO(header + content), EXCHANGES),
    ):
        assert found.rows or found.faults
        lines = content.count(b"\n") + 3
        assert all(1 <= fault.line <= lines for fault in found.faults)
