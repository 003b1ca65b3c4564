"""What the word sets hold, read back with their own vocabulary and checked against what they promise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.catalog.datasets import DATASETS, Data, TokenSet
from app.catalog.datasets._sentences import bundled
from app.catalog.datasets._tokens import NoTokens, UnknownToken
from app.catalog.datasets._words import RESERVED, UNKNOWN, Lexicon, signature, split
from scripts.make_words import TAGS, word_class


def made(kind: str, **fields: Any) -> tuple[TokenSet, Data]:
    dataset = DATASETS.parts[kind].model_validate({"type": kind, **fields}, strict=True)
    assert isinstance(dataset, TokenSet)
    return dataset, dataset.load(Path("/nowhere"))


def written(dataset: TokenSet, row: Any) -> list[str]:
    return [dataset.vocabulary[int(token)] for token in row if token]


def test_a_sentence_is_cut_into_words_and_marks() -> None:
    cut = split('He said, "I don’t know Mr. Smith\'s well-known dog -- $3.50 (1961)..."')
    assert cut == [
        *("He", "said", ",", "“", "I", "don't", "know", "Mr.", "Smith's", "well-known", "dog"),
        *("—", "$3.50", "(", "1961", ")", "...", "”"),
    ]


@pytest.mark.parametrize(
    ("word", "shape"),
    [
        *(("1961", "‹number›"), ("Zarathustra", "‹Name›"), ("glass-box", "‹…-…›")),
        *(("unrolling", "‹…ing›"), ("clamped", "‹…ed›"), ("sparsely", "‹…ly›")),
        *(("truncation", "‹…tion›"), ("gates", "‹…s›"), ("ago", "‹word›"), ("cat's", "‹…'s›")),
    ],
)
def test_an_unknown_word_is_told_by_its_look(word: str, shape: str) -> None:
    assert UNKNOWN[signature(word, first=False) - 1] == shape


def test_a_capital_at_the_beginning_is_no_name_and_the_list_knows_any_case() -> None:
    lexicon = Lexicon(["the", "London"])
    assert lexicon.encode(["The", "london", "Xyz"]) == [RESERVED, RESERVED + 1, 2]
    assert lexicon.token("Xyz", first=True) == RESERVED - 1


def test_a_shorter_list_says_of_its_words_what_the_longer_one_said() -> None:
    whole = bundled("brown")
    lexicon, renamed = whole.lexicon.cut(500)
    assert len(lexicon.tokens) == RESERVED + 500
    for token in range(RESERVED, len(whole.lexicon.tokens)):
        word = whole.lexicon.tokens[token]
        assert renamed[token] == lexicon.token(word, first=False)


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        *(
            ("nn-tl", "noun"),
            ("np$", "noun"),
            ("vbd", "verb"),
            ("bedz*", "verb"),
            ("md+hv", "verb"),
        ),
        *(("pp$", "determiner"), ("pps+bez", "pronoun"), ("ex", "pronoun"), ("*", "adverb")),
        *(("in-hl", "preposition"), ("cs", "conjunction"), ("cd", "numeral"), ("to", "particle")),
        *(
            (",-hl", "punctuation"),
            ("--", "punctuation"),
            ("fw-in+nn", "other"),
            ("od", "adjective"),
        ),
    ],
)
def test_tags_of_the_corpus_become_twelve_classes(tag: str, name: str) -> None:
    assert TAGS[word_class(tag)] == name


def test_every_word_has_a_class_and_padding_has_none() -> None:
    dataset, data = made("part_of_speech", sentences=2000)
    assert np.array_equal(data.train_x > 0, data.train_y >= 0)
    assert [name.en for name in dataset.CLASSES] == list(TAGS)
    said = {
        (word, TAGS[label])
        for row, labels in zip(data.train_x, data.train_y, strict=True)
        for word, label in zip(written(dataset, row), labels, strict=False)
    }
    for word, name in (("the", "determiner"), ("of", "preposition"), (".", "punctuation")):
        assert {found for token, found in said if token == word} == {name}
    assert {"noun", "verb"} <= {found for token, found in said if token == "work"}
    # most frequent class of a word: what a tagger without context can know
    usual = bundled("brown")
    first = np.bincount(usual.labels[usual.ids == dataset.ids("the")[0]], minlength=12).argmax()
    assert TAGS[int(first)] == "determiner"


@pytest.mark.parametrize("exchange", ["neighbours", "any"])
def test_two_words_of_a_real_sentence_change_places(exchange: str) -> None:
    _, data = made("grammaticality", exchange=exchange, sentences=2000)
    good, bad = data.train_x[0::2], data.train_x[1::2]
    assert (data.train_y[0::2] == 1).all()
    assert (data.train_y[1::2] == 0).all()
    assert np.array_equal(np.sort(good), np.sort(bad))
    moved = good != bad
    assert ((moved.sum(axis=1) == 2) | (moved.sum(axis=1) == 0)).all()
    assert (moved.any(axis=1)).mean() > 0.999
    lengths = (good > 0).sum(axis=1)
    assert not moved[:, 0].any()
    assert not moved[np.arange(len(good)), lengths - 1].any()
    if exchange == "neighbours":
        places = [np.flatnonzero(row) for row in moved if row.any()]
        assert all(second == first + 1 for first, second in places)
    seen = {row.tobytes() for row in good}
    assert not any(row.tobytes() in seen for row in data.val_x[0::2])


def test_names_are_as_many_of_each_kind_and_read_in_any_case() -> None:
    dataset, data = made("names")
    classes = np.concatenate([data.train_y, data.val_y])
    assert np.bincount(classes).tolist() == [3000, 3000, 3000]
    known = {
        "".join(written(dataset, row)): int(label)
        for row, label in zip(np.concatenate([data.train_x, data.val_x]), classes, strict=True)
    }
    assert len(known) == 9000
    assert [known[name] for name in ("mary", "james", "smith")] == [0, 1, 2]
    assert dataset.ids("Ada") == dataset.ids(" ada ") == [1, 4, 1]
    with pytest.raises(UnknownToken):
        dataset.ids("Zoë")


def test_sentences_of_reviews_praise_or_blame() -> None:
    dataset, data = made("sentiment")
    of = {name: dataset.ids(name)[0] for name in ("wonderful", "boring")}
    for word, share in (("wonderful", 1.0), ("boring", 0.0)):
        rows = (data.train_x == of[word]).any(axis=1)
        assert rows.sum() > 10
        assert abs(data.train_y[rows].mean() - share) < 0.3


@pytest.mark.parametrize("kind", ["skip_gram", "cbow"])
def test_pairs_stand_near_each_other_in_a_sentence(kind: str) -> None:
    dataset, data = made("word_pairs", kind_of_pair=kind, window=2, words=300, pairs=2000)
    assert data.train_x.shape == (1900, 1 if kind == "skip_gram" else 4)
    assert data.train_y.min() >= 1
    whole = bundled("brown")
    numbers = {word: token for token, word in enumerate(whole.lexicon.tokens)}
    sentence = np.repeat(np.arange(len(whole.lengths)), whole.lengths)

    def sentences(token: float) -> set[int]:
        return set(sentence[whole.ids == numbers[dataset.vocabulary[int(token)]]].tolist())

    for row, label in zip(data.train_x[:40], data.train_y[:40], strict=True):
        assert all(sentences(token) & sentences(label) for token in row if token)


def test_sunspots_ask_for_the_month_that_comes_after() -> None:
    dataset = DATASETS.parts["sunspots"].model_validate({"type": "sunspots", "ahead": 12})
    data = dataset.load(Path("/nowhere"))
    np.testing.assert_array_equal(data.train_y[:-12], data.train_x[12:, -1])
    assert data.train_x[0, :3, 0] * 150 == pytest.approx([58.0, 62.6, 70.0])
    np.testing.assert_array_equal(data.val_y[:-12], data.val_x[12:, -1])


def test_text_is_read_as_the_network_reads_it() -> None:
    dataset, _ = made("part_of_speech", sentences=100)
    read = dataset.sample("The Zzyzx gadgets.")
    assert dataset.say(read.astype(int)) == "the ‹Name› ‹…s› ."
    with pytest.raises(NoTokens):
        dataset.ids("  ")
    pairs, _ = made("word_pairs", pairs=1000)
    assert pairs.say(pairs.ids("MAN")) == "man"
