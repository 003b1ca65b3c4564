"""LaTeX of an explanation: the operation in symbols, and the same with a cell's numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence

from app.protocol.tracing import Term

SHOWN = 4
"""Terms that are written out."""

_SUMS = {
    "convolution": r"u = \sum_i x_i\, w_i + b",
    "addmm": r"u = \sum_i w_i\, x_i + b",
    "mm": r"u = \sum_i x_i\, w_i",
    "add": r"x = a + b",
    "sub": r"x = a - b",
    "rsub": r"x = b - a",
    "mul": r"x = a\, b",
    "div": r"x = \frac{a}{b}",
    "sum": r"x = \sum_i x_i",
    "neg": r"x = -u",
    "where": r"x = \begin{cases} a & c \\ b & \text{else} \end{cases}",
    "mean": r"\mu = \tfrac1n \sum_i x_i",
    "var": r"\sigma^2 = \tfrac1n \sum_i (x_i - \mu)^2",
    "var_mean": r"\sigma^2 = \tfrac1n \sum_i (x_i - \mu)^2,\quad \mu = \tfrac1n \sum_i x_i",
    "max_pool2d_with_indices": r"x = \max_{i \in \text{block}} x_i",
    "amax": r"x = \max_i x_i",
    "amin": r"x = \min_i x_i",
    "max": r"x = \max_i x_i",
    "min": r"x = \min_i x_i",
    "avg_pool2d": r"x = \tfrac{1}{n^2} \sum_i x_i",
    "avg_pool3d": r"x = \tfrac1n \sum_i x_i",
    "sigmoid": r"\sigma(u) = \frac{1}{1+e^{-u}}",
    "tanh": r"\tanh(u)",
    "relu": r"\max(0, u)",
    "exp": r"e^{u}",
    "log": r"\ln u",
    "rsqrt": r"\frac{1}{\sqrt{u}}",
    "pow": r"u^{p}",
    "abs": r"|u|",
    "gelu": r"u\,\Phi(u)",
    "silu": r"u\,\sigma(u)",
    "softplus": r"\ln(1+e^u)",
    "elu": r"u\ (u>0),\ a(e^u-1)\ (u\le 0)",
    "leaky_relu": r"\max(u, a u)",
    "_prelu_kernel": r"\max(0,u)+a\min(0,u)",
}


def symbols(name: str) -> str:
    """An elementary operation in symbols; an unknown one by its name."""
    if name in _SUMS:
        return _SUMS[name]
    plain = name.strip("_").replace("_", r"\_")
    return rf"x = \mathrm{{{plain}}}(u)"


def added(terms: Sequence[str]) -> str:
    """Terms in symbols as their sum; one that begins with a minus is taken away."""
    return " + ".join(terms).replace("+ -", "- ")


def figure(value: float) -> str:
    """A number for a formula: four significant digits."""
    if math.isnan(value):
        return r"\mathrm{NaN}"
    if math.isinf(value):
        return r"\infty" if value > 0 else r"-\infty"
    text = f"{value:.4g}"
    if "e" in text:
        mantissa, exponent = text.split("e")
        return rf"{mantissa}\cdot 10^{{{int(exponent)}}}"
    return text


def _factor(value: float) -> str:
    return f"({figure(value)})" if value < 0 else figure(value)


def numbers(terms: Sequence[Term], hidden: int, total: float, name: str) -> str:
    """The largest terms, dots for the others, and the sum."""
    if not terms:
        return rf"= {figure(total)}"
    parts = [_term(term, name) for term in terms[:SHOWN]]
    if len(terms) + hidden > SHOWN:
        parts.append(r"\cdots")
    return " + ".join(parts) + rf" = {figure(total)}"


def _term(term: Term, name: str) -> str:
    values = [float(factor.value) for factor in term.factors]
    if term.factors and term.factors[0].meaning == "argument":
        inside = ",\\ ".join(figure(value) for value in values)
        plain = name.strip("_").replace("_", r"\_")
        return rf"\mathrm{{{plain}}}({inside})"
    kept = [v for k, v in enumerate(values) if v != 1.0 or k == 0]
    return r" \times ".join(_factor(value) for value in kept)
