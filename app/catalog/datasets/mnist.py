"""MNIST, whole: read from a local folder, or downloaded when a user asks."""

from __future__ import annotations

from typing import Literal

from app.catalog.datasets._idx_pictures import IdxPictures
from app.catalog.datasets._official import Source
from app.core.text import text


class Mnist(IdxPictures):
    """Handwritten digits, 28×28 grey, up to 60,000 for training, 10,000 to validate.

    The first ``train_size`` pictures of the official training file are used; the validation part is
    the official test file. Source: LeCun, Bottou, Bengio and Haffner, Gradient-based learning applied
    to document recognition, Proceedings of the IEEE 86, 1998.
    """

    TITLE = text("MNIST, whole", "完整 MNIST")
    SUMMARY = text(
        "All 70,000 handwritten digits, in the official division. Downloaded once (12 MB).",
        "全部 70,000 个手写数字，按官方划分。只需下载一次（12 MB）。",
    )
    DOC_ZH = (
        "手写数字，28×28 灰度；训练至多 60,000 个，验证 10,000 个。\n\n"
        "取官方训练文件的前 train_size 张；验证部分为官方测试文件。出处：LeCun、Bottou、Bengio、Haffner，基于梯度的学习在文档识别中的应用，Proceedings of the IEEE 86，1998。"
    )
    ALIASES = ("digits", "handwriting", "LeCun", "手写数字")
    EXAMPLES = ({"type": "mnist"}, {"type": "mnist", "train_size": 60000})
    CLASSES = tuple(text(str(d), str(d)) for d in range(10))
    LICENCE = "CC BY-SA 3.0"
    SOURCE = "The MNIST database of handwritten digits (Y. LeCun, C. Cortes, C. J. C. Burges)"
    SOURCES = (
        Source(
            "train-images-idx3-ubyte.gz",
            9_912_422,
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        ),
        Source(
            "train-labels-idx1-ubyte.gz",
            28_881,
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        ),
        Source(
            "t10k-images-idx3-ubyte.gz",
            1_648_877,
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        ),
        Source(
            "t10k-labels-idx1-ubyte.gz",
            4_542,
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        ),
    )
    BASE = "https://ossci-datasets.s3.amazonaws.com/mnist/"
    FOLDER = "mnist"
    DOWNLOAD_BYTES = sum(source.size for source in SOURCES)

    type: Literal["mnist"] = "mnist"
