"""Fashion-MNIST: read from a local folder, or downloaded when a user asks."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from app.catalog.datasets._idx_pictures import IdxPictures
from app.catalog.datasets._official import Source
from app.core.text import text


class FashionMnist(IdxPictures):
    """Articles of clothing, 28×28 grey, ten classes, up to 60,000 for training, 10,000 to validate.

    The first ``train_size`` pictures of the official training file are used.
    Source: Xiao, Rasul and Vollgraf, Fashion-MNIST, arXiv:1708.07747, 2017.
    """

    TITLE = text("Fashion-MNIST", "Fashion-MNIST 服饰")
    SUMMARY = text(
        "70,000 pictures of clothing in ten classes, harder than digits. Downloaded once (31 MB).",
        "70,000 张十类服饰图像，比数字更难。只需下载一次（31 MB）。",
    )
    DOC_ZH = (
        "服饰图片，28×28 灰度，十个类别；训练至多 60,000 张，验证 10,000 张。\n\n"
        "取官方训练文件的前 train_size 张。出处：Xiao、Rasul、Vollgraf，Fashion-MNIST，arXiv:1708.07747，2017。"
    )
    ALIASES = ("fashion", "clothing", "zalando", "服饰", "衣服")
    EXAMPLES = ({"type": "fashion_mnist"}, {"type": "fashion_mnist", "train_size": 60000})
    CLASSES = (
        text("T-shirt/top", "T 恤/上衣"),
        text("Trouser", "裤子"),
        text("Pullover", "套头衫"),
        text("Dress", "连衣裙"),
        text("Coat", "外套"),
        text("Sandal", "凉鞋"),
        text("Shirt", "衬衫"),
        text("Sneaker", "运动鞋"),
        text("Bag", "包"),
        text("Ankle boot", "短靴"),
    )
    LICENCE = "MIT"
    SOURCE = "Fashion-MNIST (H. Xiao, K. Rasul, R. Vollgraf; Zalando SE, 2017)"
    SOURCES = (
        Source(
            "train-images-idx3-ubyte.gz",
            26_421_880,
            "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        ),
        Source(
            "train-labels-idx1-ubyte.gz",
            29_515,
            "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        ),
        Source(
            "t10k-images-idx3-ubyte.gz",
            4_422_102,
            "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        ),
        Source(
            "t10k-labels-idx1-ubyte.gz",
            5_148,
            "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        ),
    )
    BASE = "https://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
    FOLDER = "fashion_mnist"
    SYSTEM_FOLDER = Path("/usr/share/datasets/fashion-mnist")
    DOWNLOAD_BYTES = sum(source.size for source in SOURCES)

    type: Literal["fashion_mnist"] = "fashion_mnist"
