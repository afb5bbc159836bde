"""Tests of precord.api.markdown. The expected HTML is worked by hand from CommonMark 0.31."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from precord.api.markdown import to_html


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("# A\n\n## B", "<h2>A</h2>\n<h3>B</h3>\n"),
        ("###### F", "<h6>F</h6>\n"),
        ("*a* `b<c`", "<p><em>a</em> <code>b&lt;c</code></p>\n"),
        ("[*words*](other.md 'title')", "<p><em>words</em></p>\n"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>\n"),
        ("<https://example.org>", "<p>https://example.org</p>\n"),
        ("![a trace](https://example.org/a.png)", "<p>a trace</p>\n"),
        ("<img src=x onerror=alert(1)>", "<p>&lt;img src=x onerror=alert(1)&gt;</p>\n"),
        ("<script>\nalert(1)\n</script>", "<p>&lt;script&gt;\nalert(1)\n&lt;/script&gt;</p>\n"),
        ("4. d", "<ol>\n<li>d</li>\n</ol>\n"),
        ("```py\nx < 1\n```", "<pre><code>x &lt; 1\n</code></pre>\n"),
    ],
)
def test_what_a_card_may_hold(markdown: str, html: str) -> None:
    """Headings one level lower; links and pictures are words; HTML is text."""
    assert to_html(markdown) == html


def test_a_table_whose_corner_is_empty() -> None:
    """A header of nothing is a cell."""
    found = re.sub(r"\s", "", to_html("| | b |\n|---|:--|\n| c | 1 |"))
    head = "<thead><tr><td></td><th>b</th></tr></thead>"
    assert found == f"<table>{head}<tbody><tr><td>c</td><td>1</td></tr></tbody></table>"


@given(st.text("[]()<>!*_`'\"#|-:/ \naeijrsvpt&;=", max_size=80))
def test_no_text_makes_an_attribute(markdown: str) -> None:
    """Every tag is bare, whatever stands in the text."""
    for tag in re.findall(r"<[^>]*>", to_html(markdown)):
        assert re.fullmatch(r"</?[a-z]+[1-6]?( /)?>", tag)
