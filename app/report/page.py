"""The page around the sections: one file, its own style, light and dark as the reader's system."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

_NO_CHARACTER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_STYLE = """
:root { color-scheme: light dark; --ink: #222; --soft: #666; --page: #fff; --card: #f6f6f4;
  --grid: #d8d8d8; --c0: #0072b2; --c1: #d55e00; --c2: #009e73; --c3: #cc79a7; --c4: #b8860b;
  --c5: #56b4e9; --heat: 0, 114, 178; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e8e8; --soft: #a8a8a8; --page: #1b1d20;
  --card: #25282c; --grid: #3d4146; --c0: #56b4e9; --c1: #ff8c42; --c2: #3ccf9e; --c3: #e6a3c8;
  --c4: #f0c742; --c5: #3a7ca8; --heat: 86, 180, 233; } }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 68rem; padding: 1.5rem; background: var(--page);
  color: var(--ink); font: 16px/1.5 system-ui, sans-serif }
h1 { font-size: 1.7rem; margin: 0 } h2 { font-size: 1.25rem; margin: 2.2rem 0 .4rem }
h3 { font-size: 1rem; margin: .2rem 0 } p { margin: .3rem 0 .8rem; max-width: 46rem }
.soft, figcaption { color: var(--soft); fill: var(--soft) }
.figures { display: flex; flex-wrap: wrap; gap: .6rem; margin: 1rem 0 }
.figures div { background: var(--card); border-radius: .5rem; padding: .5rem .9rem;
  min-width: 6rem }
.figures b { display: block; font-size: 1.5rem; font-variant-numeric: tabular-nums }
.figures .first b { font-size: 2.2rem }
.wide { overflow-x: auto } table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { padding: .25rem .6rem; text-align: right; border-bottom: 1px solid var(--grid) }
th:first-child, td:first-child { text-align: left } thead th { position: sticky; top: 0;
  background: var(--page) } caption { text-align: left; color: var(--soft) }
table.words td { text-align: left }
.heat td { min-width: 2.6rem; background: rgba(var(--heat), calc(var(--v, 0) * .75)) }
.heat thead th { writing-mode: vertical-rl; transform: rotate(180deg); text-align: left;
  position: static }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: 1rem }
figure { margin: 0; background: var(--card); border-radius: .5rem; padding: .6rem }
figure img { width: 100%; border-radius: .3rem }
svg { width: 100%; height: auto; display: block } .chart { max-width: 34rem }
.small { max-width: 22rem }
svg line.grid { stroke: var(--grid) } svg line.soft-line { stroke: var(--soft) }
svg .c0 { stroke: var(--c0) } svg .c1 { stroke: var(--c1) } svg .c2 { stroke: var(--c2) }
svg .c3 { stroke: var(--c3) } svg .c4 { stroke: var(--c4) } svg .c5 { stroke: var(--c5) }
svg .f0 { fill: var(--c0) } svg .f1 { fill: var(--c1) } svg .f2 { fill: var(--c2) }
svg .f3 { fill: var(--c3) } svg .f4 { fill: var(--c4) } svg .f5 { fill: var(--c5) }
details > summary { cursor: pointer; margin: .8rem 0 } li { margin: .2rem 0; max-width: 60rem }
@media print { body { max-width: none } figure, tr { break-inside: avoid } }
"""


def page(title: str, parts: Iterable[str]) -> str:
    """The whole document, well-formed as HTML and as XML.

    Characters that neither can hold, from names that nobody cleaned, become U+FFFD.
    """
    text = (
        '<!DOCTYPE html>\n<html xmlns="http://www.w3.org/1999/xhtml" lang="en">\n<head>\n'
        '<meta charset="utf-8"/>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(parts)
        + "\n</body>\n</html>\n"
    )
    return _NO_CHARACTER.sub("\N{REPLACEMENT CHARACTER}", text)


def section(title: str, *parts: str) -> str:
    return (
        f"<section>\n<h2>{escape(title)}</h2>\n" + "\n".join(filter(None, parts)) + "\n</section>"
    )


def words(text: str, name: str = "") -> str:
    """A paragraph."""
    attribute = f' class="{name}"' if name else ""
    return f"<p{attribute}>{escape(text)}</p>"


def points(sentences: Iterable[str]) -> str:
    """A list, one sentence a point; nothing for no sentences."""
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    return f"<ul>{items}</ul>" if items else ""


def table(
    caption: str, heads: Sequence[str], lines: Iterable[Sequence[str]], name: str = ""
) -> str:
    """A table whose first column names the lines; ``name`` "words": its cells are no numbers."""
    attribute = f' class="{name}"' if name else ""
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    body = "".join(
        f'<tr><th scope="row">{escape(first)}</th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in rest)
        + "</tr>"
        for first, *rest in lines
    )
    return (
        f'<div class="wide"><table{attribute}><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def heat(
    caption: str, names: Sequence[str], counts: Sequence[Sequence[int]], percent: bool = False
) -> str:
    """A square of counts, or of percent of the row, each cell as dark as its share of its row."""
    head = "<td></td>" + "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    body = ""
    for name, line in zip(names, counts, strict=True):
        total = max(1, sum(line))
        cells = ""
        for count in line:
            text = f"{100 * count / total:.1f}" if percent else str(count)
            cells += f'<td style="--v:{count / total:.2f}">{text if count else ""}</td>'
        body += f'<tr><th scope="row">{escape(name)}</th>{cells}</tr>'
    return (
        f'<div class="wide"><table class="heat"><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def figure(content: str, caption: str, name: str = "") -> str:
    """A chart or picture with what it is below; ``content`` is markup."""
    attribute = f' class="{name}"' if name else ""
    return f"<figure{attribute}>{content}<figcaption>{escape(caption)}</figcaption></figure>"
