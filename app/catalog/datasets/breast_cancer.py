"""569 breast tumours, bundled."""

from __future__ import annotations

from typing import Literal

from app.catalog.datasets._tables import BundledTable
from app.core.text import text


class BreastCancer(BundledTable):
    """Thirty measures of the cell nuclei in a picture of breast tissue; 212 malignant, 357 benign."""

    TITLE = text("Breast cancer", "乳腺肿瘤")
    SUMMARY = text(
        "569 tumours, malignant or benign, by thirty measures of their cell nuclei.",
        "569 例肿瘤（恶性或良性），细胞核的三十项测量值。",
    )
    DOC_ZH = "乳腺组织图像中细胞核的三十项测量值；恶性 212 例，良性 357 例。"
    ALIASES = ("cancer", "tumour", "medical", "医学")
    EXAMPLES = ({"type": "breast_cancer"}, {"type": "breast_cancer", "standardise": False})
    TASK = "classification"
    CLASSES = (
        text("malignant", "恶性"),
        text("benign", "良性"),
    )
    LICENCE = "CC BY 4.0"
    SOURCE = "UCI Breast Cancer Wisconsin, Diagnostic (W. H. Wolberg and others, 1995), from scikit-learn"
    FILE = "breast_cancer"
    COLUMNS = (
        text("mean radius", "平均半径"),
        text("mean texture", "平均纹理"),
        text("mean perimeter", "平均周长"),
        text("mean area", "平均面积"),
        text("mean smoothness", "平均平滑度"),
        text("mean compactness", "平均紧密度"),
        text("mean concavity", "平均凹度"),
        text("mean concave points", "平均凹点"),
        text("mean symmetry", "平均对称性"),
        text("mean fractal dimension", "平均分形维数"),
        text("radius, standard error", "半径标准误"),
        text("texture, standard error", "纹理标准误"),
        text("perimeter, standard error", "周长标准误"),
        text("area, standard error", "面积标准误"),
        text("smoothness, standard error", "平滑度标准误"),
        text("compactness, standard error", "紧密度标准误"),
        text("concavity, standard error", "凹度标准误"),
        text("concave points, standard error", "凹点标准误"),
        text("symmetry, standard error", "对称性标准误"),
        text("fractal dimension, standard error", "分形维数标准误"),
        text("radius, mean of the three largest", "半径（最大三个的均值）"),
        text("texture, mean of the three largest", "纹理（最大三个的均值）"),
        text("perimeter, mean of the three largest", "周长（最大三个的均值）"),
        text("area, mean of the three largest", "面积（最大三个的均值）"),
        text("smoothness, mean of the three largest", "平滑度（最大三个的均值）"),
        text("compactness, mean of the three largest", "紧密度（最大三个的均值）"),
        text("concavity, mean of the three largest", "凹度（最大三个的均值）"),
        text("concave points, mean of the three largest", "凹点（最大三个的均值）"),
        text("symmetry, mean of the three largest", "对称性（最大三个的均值）"),
        text("fractal dimension, mean of the three largest", "分形维数（最大三个的均值）"),
    )
    SIZES = (455, 114)

    type: Literal["breast_cancer"] = "breast_cancer"
