"""178 wines, bundled."""

from __future__ import annotations

from typing import Literal

from app.catalog.datasets._tables import BundledTable
from app.core.text import text


class Wine(BundledTable):
    """Thirteen chemical analyses of wines from three cultivars of one region of Italy."""

    TITLE = text("Wine", "葡萄酒")
    SUMMARY = text(
        "178 wines of three cultivars by thirteen chemical analyses.",
        "三个品种共 178 款葡萄酒的十三项化学分析。",
    )
    DOC_ZH = "意大利同一地区三个品种葡萄酒的十三项化学分析。"
    ALIASES = ("wine", "chemistry", "酒")
    EXAMPLES = ({"type": "wine"}, {"type": "wine", "standardise": False})
    TASK = "classification"
    CLASSES = (
        text("cultivar 1", "品种 1"),
        text("cultivar 2", "品种 2"),
        text("cultivar 3", "品种 3"),
    )
    LICENCE = "CC BY 4.0"
    SOURCE = "UCI Wine (M. Forina and others; S. Aeberhard, 1991), from scikit-learn"
    FILE = "wine"
    COLUMNS = (
        text("alcohol", "酒精"),
        text("malic acid", "苹果酸"),
        text("ash", "灰分"),
        text("alkalinity of ash", "灰分碱度"),
        text("magnesium", "镁"),
        text("total phenols", "总酚"),
        text("flavanoids", "类黄酮"),
        text("non-flavanoid phenols", "非类黄酮酚"),
        text("proanthocyanins", "原花青素"),
        text("colour intensity", "颜色强度"),
        text("hue", "色调"),
        text("OD280/OD315", "稀释酒 OD280/OD315"),
        text("proline", "脯氨酸"),
    )
    SIZES = (142, 36)

    type: Literal["wine"] = "wine"
