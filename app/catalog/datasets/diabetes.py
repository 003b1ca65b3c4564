"""442 diabetes patients, bundled."""

from __future__ import annotations

from typing import Literal

from app.catalog.datasets._tables import BundledTable
from app.core.text import text


class Diabetes(BundledTable):
    """Ten measures of patients, and how far the disease went in one year (25 to 346)."""

    TITLE = text("Diabetes", "糖尿病")
    SUMMARY = text(
        "442 patients by ten measures: how far does the disease go within a year?",
        "442 名患者的十项指标：一年内病情会进展多少？",
    )
    DOC_ZH = "病人的十项测量值，以及一年内病情发展的程度（25 至 346）。"
    ALIASES = ("regression", "medical", "回归", "医学")
    EXAMPLES = ({"type": "diabetes"}, {"type": "diabetes", "standardise": False})
    TASK = "regression"
    LICENCE = "BSD-3-Clause"
    SOURCE = "B. Efron and others, Least Angle Regression, 2004, from scikit-learn"
    FILE = "diabetes"
    COLUMNS = (
        text("age", "年龄"),
        text("sex", "性别"),
        text("body mass index", "体重指数"),
        text("mean blood pressure", "平均血压"),
        text("total cholesterol", "总胆固醇"),
        text("LDL", "低密度脂蛋白"),
        text("HDL", "高密度脂蛋白"),
        text("cholesterol / HDL", "总胆固醇/HDL"),
        text("log triglycerides", "甘油三酯对数"),
        text("blood sugar", "血糖"),
    )
    PREDICTED = text("disease progression", "病情进展")
    SIZES = (354, 88)

    type: Literal["diabetes"] = "diabetes"
