"""Integrated gradients: the gradient summed along the way from a baseline."""

from __future__ import annotations

from typing import Literal

from app.catalog.attributions._base import GRADIENTS, Attributed, Attribution, Subject
from app.catalog.family import Formula, option
from app.core.text import text


class IntegratedGradients(Attribution):
    """Shares the difference between the answer and that for an empty input out among the inputs.

    Captum's IntegratedGradients by Gauss and Legendre. The shares sum to f(x) − f(baseline); what is
    missing is told as the completeness delta. Source: Sundararajan, Taly and Yan, 2017.
    """

    TITLE = text("Integrated gradients", "积分梯度")
    SUMMARY = text(
        "Divides the difference between the output and that of a baseline input among all inputs.",
        "把网络对该输入与对基线输入的输出之差分摊到各个输入。",
    )
    DOC_ZH = (
        "沿基线到输入的直线对梯度积分（Gauss–Legendre）。各份之和为 f(x) − f(基线)，"
        "误差以完备性偏差给出。出处：Sundararajan 等，2017。"
    )
    GROUP = GRADIENTS
    FORMULA = Formula(
        forward=r"M_i = (x_i - b_i) \int_0^1 \frac{\partial y_c}{\partial x_i}"
        r"\bigl(b + \alpha (x - b)\bigr)\, d\alpha"
    )
    EXAMPLES = ({"type": "integrated_gradients"},)

    type: Literal["integrated_gradients"] = "integrated_gradients"
    steps: int = option(
        64,
        text("points", "积分点数"),
        text("Points of the integral.", "积分所用的点数。"),
        ge=2,
        le=512,
    )
    baseline: float = option(
        0.0,
        text("baseline", "基线"),
        text("Value of every input of the empty picture.", "空白输入中每个输入的取值。"),
        ge=-1e6,
        le=1e6,
    )

    def attribute(self, subject: Subject) -> Attributed:
        from captum.attr import IntegratedGradients as Method

        found, delta = Method(subject.function).attribute(
            subject.x,
            baselines=self.baseline,
            target=subject.target,
            n_steps=self.steps,
            internal_batch_size=64,
            return_convergence_delta=True,
        )
        empty = subject.function(subject.x * 0 + self.baseline)[0, subject.target]
        facts = {"completeness_delta": float(delta[0]), "baseline_score": float(empty.detach())}
        return Attributed(found[0].detach(), facts=facts)
