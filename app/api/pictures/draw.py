"""Chooses the picture of a part: its own plot, its samples, or what goes in and comes out."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from markupsafe import Markup

from app.api.pictures.chart import chart
from app.api.pictures.samples import samples, views
from app.api.pictures.schematic import mapping, schematic, tensor, unknown
from app.catalog.augmentations import Augmentation
from app.catalog.baselines import Baseline
from app.catalog.datasets import Dataset
from app.catalog.datasets.digits28 import Digits28
from app.catalog.family import Part
from app.catalog.layers import Layer
from app.core.text import Language
from app.spec.examples import example


def picture(part: type[Part], root: Path, language: Language) -> Markup | None:
    """SVG in one language; ``root`` is the folder of downloaded data sets."""
    shown = _example(part)
    here = isinstance(shown, Dataset) and shown.available(root)
    return _drawn(shown, root if here else None, language)


@lru_cache(maxsize=512)
def _drawn(shown: Part, root: Path | None, language: Language) -> Markup | None:
    title = shown.TITLE.say(language)
    plot = shown.plot()
    if plot is not None:
        return chart(plot, title, language)
    if isinstance(shown, Dataset):
        if shown.faults():
            return unknown(shown.KIND, title)
        drawn = samples(shown, root, title) if root is not None else None
        return drawn or tensor(shown.input_shape, title)
    if isinstance(shown, Augmentation):
        return views(shown, Digits28().load(Path()), title)
    return _in_use(shown, title)


def _in_use(shown: Part, title: str) -> Markup | None:
    """What goes in and what comes out, in the part's own example."""
    found = example(type(shown))
    if found is None:
        return None
    if isinstance(shown, Layer):
        return schematic(type(shown), found, title)
    return mapping(found, title) if isinstance(shown, Baseline) else None


def _example(part: type[Part]) -> Part:
    """The part as its own example has it."""
    return part.model_validate(part.EXAMPLES[0]) if part.EXAMPLES else part()
