"""The graph of a model: order, names and what is wrong with its wiring. Knows no shapes."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from app.core.errors import Problem, Repair
from app.core.text import Text, text
from app.spec import patches
from app.spec.model import INPUT, ModelSpec


@dataclass
class Graph:
    """``order`` holds every node whose inputs all exist, inputs first; ``index`` its place."""

    order: tuple[str, ...] = ()
    index: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    """Problems that belong to no node."""
    by_node: dict[str, list[Problem]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, model: ModelSpec) -> Graph:
        graph = cls()
        graph._names(model)
        graph._wires(model)
        graph._sort(model)
        graph._output(model)
        return graph

    def at(self, name: str) -> list[Problem]:
        return self.by_node.get(name, [])

    def _say(self, code: str, index: int, name: str, message: Text, *repairs: Repair) -> None:
        pointer = f"/model/nodes/{index}"
        self.by_node[name].append(
            Problem(code=code, message=message, pointer=pointer, node=name, repairs=repairs)
        )

    def _names(self, model: ModelSpec) -> None:
        for index, node in enumerate(model.nodes):
            if node.id not in self.index and node.id != INPUT:
                self.index[node.id] = index
                continue
            free = patches.free_name(model, node.layer.kind())
            patch = {"op": "replace", "path": f"/model/nodes/{index}/id", "value": free}
            self._say(
                "duplicate_id",
                index,
                node.id,
                text(f"The name “{node.id}” is taken.", f"名称“{node.id}”已被占用。"),
                Repair(text=text(f"Call it {free}", f"改名为 {free}"), patch=(patch,)),
            )

    def _wires(self, model: ModelSpec) -> None:
        for index, node in enumerate(model.nodes):
            low, high = node.layer.ARITY
            if not low <= len(node.inputs) <= high:
                wants = str(low) if low == high else f"{low}–{high}"
                message = text(
                    f"{node.layer.TITLE.en} takes {wants} input(s), not {len(node.inputs)}.",
                    f"{node.layer.TITLE.zh}需要 {wants} 个输入，而不是 {len(node.inputs)} 个。",
                )
                path = f"/model/nodes/{index}/inputs"
                kept = list(node.inputs[:high])
                patch = {"op": "replace", "path": path, "value": kept}
                repair = Repair(text=text("Keep the first", "只保留前面的"), patch=(patch,))
                self._say("arity", index, node.id, message, *([repair] if len(kept) >= low else []))
            for place, source in enumerate(node.inputs):
                if source != INPUT and source not in self.index:
                    self._missing(model, index, place, source)

    def _missing(self, model: ModelSpec, index: int, place: int, source: str) -> None:
        before = model.nodes[index - 1].id if index else INPUT
        path = f"/model/nodes/{index}/inputs/{place}"
        patch = {"op": "replace", "path": path, "value": before}
        self._say(
            "unknown_input",
            index,
            model.nodes[index].id,
            text(
                f"There is no layer “{source}” to read from.", f"没有名为“{source}”的层可作输入。"
            ),
            Repair(text=text(f"Read from {before}", f"改从 {before} 读取"), patch=(patch,)),
        )

    def _sort(self, model: ModelSpec) -> None:
        """Kahn's order; what is left over lies on a loop or behind one."""
        waiting = {
            name: {s for s in model.nodes[index].inputs if s in self.index}
            for name, index in self.index.items()
        }
        order: list[str] = []
        while ready := [name for name, sources in waiting.items() if not sources]:
            order += ready
            for name in ready:
                del waiting[name]
            for sources in waiting.values():
                sources.difference_update(ready)
        self.order = tuple(order)
        for name in _on_loops(waiting):
            index = self.index[name]
            before = model.nodes[index - 1].id if index else INPUT
            source = before if before not in waiting else INPUT
            patch = {"op": "replace", "path": f"/model/nodes/{index}/inputs", "value": [source]}
            self._say(
                "cycle",
                index,
                name,
                text(f"“{name}” lies on a loop of wires.", f"“{name}”处在连线的环路上。"),
                Repair(text=text(f"Read from {source}", f"改从 {source} 读取"), patch=(patch,)),
            )

    def _output(self, model: ModelSpec) -> None:
        output = model.outputs[0]
        if not model.nodes:
            message = text("The network has no layer yet.", "网络还没有任何层。")
            self.problems.append(Problem(code="empty", message=message, pointer="/model/nodes"))
            return
        if output not in self.index:
            named = [node.id for node in model.nodes if node.id in self.index]
            self.problems.append(
                Problem(
                    code="unknown_output",
                    message=text(
                        f"There is no layer “{output}” to end with.",
                        f"没有名为“{output}”的输出层。",
                    ),
                    pointer="/model/outputs/0",
                    repairs=tuple(_end_with(name) for name in named[-1:]),
                )
            )
            return
        for name in set(self.index) - self._reaching(model, output):
            index = self.index[name]
            message = text(
                f"“{name}” leads nowhere: nothing reads it.", f"“{name}”没有去向：没有层读取它。"
            )
            pointer = f"/model/nodes/{index}"
            self.by_node[name].append(
                Problem(
                    code="dangling", message=message, pointer=pointer, node=name, severity="warning"
                )
            )

    def _reaching(self, model: ModelSpec, output: str) -> set[str]:
        seen: set[str] = set()
        stack = [output]
        while stack:
            name = stack.pop()
            if name in self.index and name not in seen:
                seen.add(name)
                stack += model.nodes[self.index[name]].inputs
        return seen


def _on_loops(waiting: dict[str, set[str]]) -> list[str]:
    """The nodes of ``waiting`` (node → nodes it reads) that lead to a loop, not only behind one."""
    left = dict(waiting)
    readers = Counter(source for sources in left.values() for source in sources)
    ends = [name for name in left if not readers[name]]
    while ends:
        for source in left.pop(ends.pop()):
            readers[source] -= 1
            if not readers[source]:
                ends.append(source)
    return list(left)


def _end_with(name: str) -> Repair:
    patch = {"op": "replace", "path": "/model/outputs/0", "value": name}
    return Repair(text=text(f"End with {name}", f"以 {name} 结束"), patch=(patch,))
