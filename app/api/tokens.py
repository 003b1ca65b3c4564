"""Texts as the network reads them: which token each piece of a text is."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field, TypeAdapter

from app.api.bodies import body, documented
from app.api.document import READS_BODY, failures
from app.api.encode import Json
from app.catalog.datasets import AnyDataset, Dataset, TokenSet
from app.core.errors import Invalid
from app.core.text import text
from app.spec.base import Strict

router = APIRouter(tags=["datasets"])


class NotOfTokens(Invalid):
    code, status = "not_of_tokens", 422
    message = text(
        "{dataset} is not a data set of texts: it has no tokens.",
        "“{dataset_zh}”不是文本数据集，没有词元。",
    )


class NoSuchToken(Invalid):
    code, status = "no_such_token", 422
    message = text(
        "The vocabulary has {count} tokens, counted from 0: there is no {token}.",
        "词表有 {count} 个词元（从 0 起编号），没有第 {token} 个。",
    )


class TokensWanted(Strict):
    """A text to be cut into tokens, or the ids of tokens to be named."""

    dataset: AnyDataset
    text: Annotated[str, Field(min_length=1, max_length=20_000)] | None = None
    ids: tuple[int, ...] = Field((), max_length=4000)


class TokenInfo(BaseModel):
    """One piece of a text as it is written, the id that the network reads, and what that id stands for;
    ``known`` is false where it stands for words outside the vocabulary."""

    written: str
    token: int
    shown: str
    known: bool


class TokenList(BaseModel):
    """The tokens in order, and how many the network reads at most."""

    tokens: list[TokenInfo]
    limit: int


TokensBody = Annotated[TokensWanted, Depends(body(TypeAdapter(TokensWanted)))]


@router.post(
    "/datasets:tokens",
    response_model=TokenList,
    responses=failures(*READS_BODY, 409),
    summary="A text as tokens",
    openapi_extra=documented(
        "TokensWanted",
        ("a sentence", {"dataset": {"type": "part_of_speech"}, "text": "The cat sat down."}),
        ("a name", {"dataset": {"type": "names"}, "text": "Ada"}),
    ),
)
async def list_tokens(wanted: TokensBody) -> Json:
    """Words outside the vocabulary are told by their look: ``-ing``, a name, a number. Where a set knows
    no unknown tokens, a piece outside its vocabulary is refused by name."""
    return Json(await asyncio.to_thread(_listed, wanted.dataset, wanted.text, wanted.ids))


def _listed(dataset: Dataset, written: str | None, ids: tuple[int, ...]) -> TokenList:
    if not isinstance(dataset, TokenSet):
        raise NotOfTokens(pointer="/dataset", dataset=dataset.TITLE.en, dataset_zh=dataset.TITLE.zh)
    vocabulary = dataset.vocabulary
    if written is not None:
        pieces, found = dataset.tokenise(written), dataset.ids(written, "/text")
    else:
        found = list(ids)
        for place, token in enumerate(found):
            if not 0 <= token < len(vocabulary):
                raise NoSuchToken(pointer=f"/ids/{place}", token=token, count=len(vocabulary))
        pieces = tuple(vocabulary[token] for token in found)
    tokens = [
        TokenInfo(written=piece, token=token, shown=vocabulary[token], known=token >= dataset.FIRST)
        for piece, token in zip(pieces, found, strict=True)
    ]
    return TokenList(tokens=tokens, limit=dataset.steps)
