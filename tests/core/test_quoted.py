"""What people type stays one literal, one docstring, one remark, one heading; compared with Python's own
parser and a reader of Markdown."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from app.core.quoted import docstring, line, literal, markdown, remark

HOSTILE = (
    '"""+str(__import__("os").system("touch x"))+"""',
    '""";open("x","w")\nif\'\'\':#',
    'net """v2"""',
    "a\\",
    "\\N{x}",
    "\\x",
    "\x00",
    "\ud800",
    "\u2028\u202e\u2066",
    "{0} %s {__class__}",
    "'''",
    '"',
    "\r\n# coding: rot13",
    "<script>alert(1)</script>",
    "[a](javascript:alert(1))",
    "![a](http://x/y.png)",
    "# a\n## b",
    "`` ` ```",
    "`a`",
    "$\\def\\x{\\x\\x}\\x$",
    "www.example.org a@b.org http://a.b",
    "---\na: b\n---",
    "&lt;b&gt;",
    " a ",
)
texts = st.text(st.characters(exclude_categories=[]), max_size=80) | st.sampled_from(HOSTILE)


def all_hostile(test: Callable[[str], None]) -> Callable[[str], None]:
    """The strings above beside those that are drawn."""
    for one in HOSTILE:
        test = example(one)(test)
    return test


@all_hostile
@given(texts)
def test_a_literal_is_one_literal(said: str) -> None:
    written = literal(said)
    assert written.isascii()
    assert written.isprintable()
    assert ast.literal_eval(written) == said
    (token, *_) = tokenize.generate_tokens(io.StringIO(written).readline)
    assert (token.type, token.string) == (tokenize.STRING, written)


@pytest.mark.filterwarnings("error")
@all_hostile
@given(texts)
def test_a_docstring_cannot_be_left(said: str) -> None:
    source = f"class A:\n    {docstring(said)}\n    b = 1\n"
    exec(compile(source, "exported", "exec"), {})
    tree = ast.parse(source.encode())
    (kind,) = tree.body
    assert isinstance(kind, ast.ClassDef)
    first, second = kind.body
    assert isinstance(first, ast.Expr)
    assert isinstance(first.value, ast.Constant)
    assert first.value.value == said.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert isinstance(second, ast.Assign)
    assert len(source.splitlines()) == 3


@all_hostile
@given(texts)
def test_a_remark_is_one_line(said: str) -> None:
    source = f"a = 1\n\n{remark(said)}\nb = 1\n"
    assert len(ast.parse(source.encode()).body) == 2
    assert len(source.splitlines()) == 4


MARKDOWN = MarkdownIt("commonmark").enable(["strikethrough", "table"])


@all_hostile
@given(texts)
def test_a_heading_is_the_text_and_nothing_else(said: str) -> None:
    written = markdown(said)
    assert len(f"a{written}".splitlines()) == 1
    if not written:
        return
    opening, inline, closing = MARKDOWN.parse(f"# {written}\n")
    assert (opening.type, opening.tag, closing.type) == ("heading_open", "h1", "heading_close")
    assert [one.type for one in inline.children or []] in (["text"], ["code_inline"])
    assert "".join(one.content for one in inline.children or []) == line(said).strip()


@pytest.mark.parametrize("name", ["LeNet-5", "网络 3", "Small one (1998)", "a, b + c"])
def test_plain_words_are_said_as_they_are(name: str) -> None:
    assert markdown(name) == name
    assert docstring(name) == f'"""{name}"""'
