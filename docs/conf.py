"""The documentation as a site, for Sphinx: scripts/site.sh. It needs no network even to search.

The pages are plain Markdown, read as well without a site. What only a site has is added here: the
tables of contents (from the lists of index.md), the drawn pictures, and the docstrings.
"""

import re
import sys
from pathlib import Path
from types import ModuleType

import pygraphviz

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

# From here on: E402, since the checkout has to be on the path first.
import timebank  # noqa: E402
from scripts.make_reference import public_functions  # noqa: E402
from scripts.pictures import PICTURES  # noqa: E402

project = "timebank"
author = copyright = "The timebank authors"
version = release = timebank.__version__
language = "en"
extensions = ["myst_parser", "sphinx.ext.autodoc"]
myst_heading_anchors = 4
suppress_warnings = ["misc.highlighting_failure"]  # "console" with our own output in it
autodoc_typehints = "description"
autodoc_member_order = "bysource"
html_theme = "furo"
html_title = f"timebank {release}"
html_copy_source = False
html_show_sphinx = False

_LINK = re.compile(r"\[([^\]]+)\]\(([^)#\s]+)(#[^)\s]*)?\)")
_PICTURE = re.compile(r"^```text picture ([a-z-]+)\n.*?^```\n", re.MULTILINE | re.DOTALL)
_SECTION = re.compile(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


def _drawn(found):
    """A picture as part of the page, in the colours of the page."""
    graph = pygraphviz.AGraph(string=PICTURES[found[1]]())
    svg = graph.draw(format="svg", prog="dot").decode()
    svg = svg[svg.index("<svg") :].replace('"black"', '"currentColor"')
    svg = re.sub(r"<text ", '<text fill="currentColor" ', svg)
    svg = re.sub(r' height="\d+pt"', ' style="max-width: 100%; height: auto"', svg, count=1)
    return f'```{{raw}} html\n<figure role="img" aria-label="{found[1]}">\n{svg}</figure>\n```\n'


def _inside(folder, found):
    """A link to a file of the project that is no page becomes its name."""
    words, target, _anchor = found.groups()
    if "://" in target or (folder / target).resolve().is_relative_to(ROOT / "docs"):
        return found[0]
    return f"{words} (`{(folder / target).resolve().relative_to(ROOT)}`)"


def _contents(page):
    """Each section of the index that lists pages, as a table of contents for the sidebar."""
    for title, body in _SECTION.findall(page):
        targets = [target for _, target, _ in _LINK.findall(body)]
        pages = [target.removesuffix(".md") for target in targets if not target.startswith("..")]
        if title == "Look up":
            pages.append("reference/api")
        names = "\n".join(dict.fromkeys(pages))
        yield f"```{{toctree}}\n:hidden:\n:caption: {title}\n\n{names}\n```\n"


def _docstrings():
    """Every public call with its docstring, module by module."""
    for name in timebank.__all__:
        thing = getattr(timebank, name)
        if not isinstance(thing, ModuleType):
            continue
        title = f"timebank.{name}"
        yield f"{title}\n{'-' * len(title)}\n"
        yield from (f".. autofunction:: {title}.{called}\n" for called in public_functions(thing))


def _read(_app, name, source):
    folder = Path(__file__).parent / Path(name).parent
    text = _PICTURE.sub(_drawn, source[0])
    if name == "index":
        text = "\n".join([text, *_contents(text)])
    if name == "reference/errors":
        pages = "\n".join(sorted(f"errors/{p.stem}" for p in (folder / "errors").glob("*.md")))
        text += f"\n```{{toctree}}\n:hidden:\n\n{pages}\n```\n"
    if name == "reference/api":
        text = "\n".join([text, *_docstrings()])
    else:
        text = _LINK.sub(lambda found: _inside(folder, found), text)
    source[0] = text


def setup(app):
    """Add what only a site has."""
    app.connect("source-read", _read)
