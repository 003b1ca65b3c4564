"""A compiled network as ``model.py``: one readable ``nn.Module``, and the layers PyTorch lacks."""

from __future__ import annotations

from dataclasses import dataclass

from app.catalog.code import Code, literal
from app.core.ids import stable_hash
from app.core.quoted import docstring
from app.core.shapes import show
from app.engine.compile import Network, needed
from app.engine.export.bundle import Bundle, header
from app.engine.export.layout import statement
from app.engine.export.names import attribute, variables
from app.nn.masks import lengths_of
from app.spec.model import INPUT


@dataclass(frozen=True)
class Module:
    """Source in pieces: import lines, the layers of our own, the class ``Network``."""

    imports: frozenset[str]
    helpers: str
    network: str

    @property
    def text(self) -> str:
        """The file without its docstring."""
        parts = (header(self.imports), self.helpers, self.network)
        return "\n\n".join(part for part in parts if part)


def module(network: Network, title: str) -> Module:
    """The source of the part of ``network`` that its output depends on."""
    names = written(network)
    codes = {name: _code(network, name) for name in names}
    bundle = Bundle()
    bundle.imports |= {"import torch", "from torch import nn"}
    for code in codes.values():
        bundle.expression(code.expression)
        if code.forward:
            bundle.expression(code.forward.format(*("x" * 16)))
        for use in code.uses:
            bundle.add(use)
    if _drawing(network, names):
        bundle.add(stable_hash)
    if network.masked:
        bundle.add(lengths_of)
    body = [*_head(network, title), *_init(codes), "", *_forward(network, names, codes)]
    body += _reseed(_drawing(network, names))
    return Module(frozenset(bundle.imports), bundle.text, "\n".join(body) + "\n")


def _code(network: Network, name: str) -> Code:
    inputs = tuple(network.shapes[source] for source in network.sources[name])
    return network.layers[name].code(inputs)


def _head(network: Network, title: str) -> list[str]:
    count = sum(parameter.numel() for parameter in network.parameters())
    shapes = f"{show(network.shapes[INPUT])} → {show(network.shapes[network.output])}"
    called = f"{title}: " if title else ""
    return [
        "class Network(nn.Module):",
        "    " + docstring(f"{called}{shapes}, {count:,} parameters."),
        "",
    ]


def _init(codes: dict[str, Code]) -> list[str]:
    lines = ["    def __init__(self) -> None:", "        super().__init__()"]
    for name, code in codes.items():
        if code.expression:
            lines.append(statement(f"self.{attribute(name)} = {code.expression}", 8))
    return lines


def _forward(network: Network, names: tuple[str, ...], codes: dict[str, Code]) -> list[str]:
    called = variables(names, network.sources, network.output)
    shown = show(network.shapes[INPUT])
    lines = [
        "    def forward(self, x: torch.Tensor) -> torch.Tensor:",
        "        " + docstring(f"A batch of {shown} in; comments give the shape of one sample."),
    ]
    if network.masked:
        lines.append("        lengths = lengths_of(x)")
    for name in names:
        sources = [called[source] for source in network.sources[name]]
        sources += ["lengths"] if name in network.masked else []
        code = codes[name]
        if code.forward:
            value = code.forward.format(*sources)
        else:
            value = f"self.{attribute(name)}({', '.join(sources)})"
        if value != called[name]:
            shape = show(network.shapes[name])
            lines.append(statement(f"{called[name]} = {value}", 8, shape))
    return [*lines, f"        return {called[network.output]}"]


def _drawing(network: Network, names: tuple[str, ...]) -> list[str]:
    """The nodes that draw random numbers."""
    return [name for name in names if hasattr(network.node(name), "reseed")]


def _reseed(drawing: list[str]) -> list[str]:
    if not drawing:
        return []
    lines = [
        "",
        "    def reseed(self, seed: int, step: int) -> None:",
        '        """Give every layer that draws the random numbers of this step and of no other."""',
    ]
    return lines + [
        f"        self.{attribute(name)}.reseed(stable_hash(seed, step, {literal(name)}))"
        for name in drawing
    ]


def draws(network: Network) -> bool:
    """Whether a training step draws random numbers."""
    return bool(_drawing(network, written(network)))


def trains(network: Network) -> bool:
    """Whether the exported module has anything to train."""
    return any(list(network.node(name).parameters()) for name in written(network))


def written(network: Network) -> tuple[str, ...]:
    """The nodes that the module has: those its output depends on."""
    return needed(network.output, network.sources)
