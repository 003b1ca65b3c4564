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
        text("radius error", "半径误差"),
        text("texture error", "纹理误差"),
        text("perimeter error", "周长误差"),
        text("area error", "面积误差"),
        text("smoothness error", "平滑度误差"),
        text("compactness error", "紧密度误差"),
        text("concavity error", "凹度误差"),
        text("concave points error", "凹点误差"),
        text("symmetry error", "对称性误差"),
        text("fractal dimension error", "分形维数误差"),
        text("worst radius", "最差半径"),
        text("worst texture", "最差纹理"),
        text("worst perimeter", "最差周长"),
        text("worst area", "最差面积"),
        text("worst smoothness", "最差平滑度"),
        text("worst compactness", "最差紧密度"),
        text("worst concavity", "最差凹度"),
        text("worst concave points", "最差凹点"),
        text("worst symmetry", "最差对称性"),
        text("worst fractal dimension", "最差分形维数"),
    )
    SIZES = (455, 114)

    type: Literal["breast_cancer"] = "breast_cancer"
