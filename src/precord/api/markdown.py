"""Markdown as HTML that a page may show: prose, lists and tables, and nothing that acts.

HTML within it is text, a link or a picture its words: what a page shows comes from nowhere else,
and the files that a card links to lie in no service. The page copies what it knows, once more.
"""

from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

_LOWEST = 6  # HTML's headings
_LEFT_OUT = frozenset({"link_open", "link_close"})


def to_html(markdown: str) -> str:
    """Return *markdown* as HTML whose headings begin at the second level."""
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = reader.parse(markdown)
    for before, cell, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if before.type == "th_open" and not cell.content:
            before.tag = after.tag = "td"  # a header of nothing is none
    for token in tokens:
        if token.type.startswith("heading_"):
            token.tag = f"h{min(int(token.tag[1:]) + 1, _LOWEST)}"
        token.attrs, token.info = {}, ""
        if token.children is not None:
            token.children = list(_to_words(token.children))
    return str(reader.renderer.render(tokens, reader.options, {}))


def _to_words(tokens: list[Token]) -> Iterator[Token]:
    """Yield *tokens* without links, and a picture's words in its place."""
    for token in tokens:
        if token.type == "image":
            yield Token("text", "", 0, content=token.content)
        elif token.type not in _LEFT_OUT:
            yield token
