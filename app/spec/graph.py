"""The graph of a model: order, names and what is wrong with its wiring. Knows no shapes, no repairs."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from app.core.errors import Problem
from app.core.text import Text, text
from app.spec.model import INPUT, ModelSpec


@dataclass
class Graph:
    """``order`` holds every node whose inputs all exist, inputs first; ``index`` its place."""

    order: tuple[str, ...] = ()
    index: dict[str, int] = field(default_factory=dict)
    loops: frozenset[str] = frozenset()
    """Nodes on a loop of wires."""
    problems: list[Problem] = field(default_factory=list)
    """Problems that belong to no node."""
    by_node: dict[int, list[Problem]] = field(default_factory=lambda: defaultdict(list))
    """The others, by the node's place in the model: names may be taken twice."""

    @classmethod
    def of(cls, model: ModelSpec) -> Graph:
        graph = cls()
        graph._names(model)
        graph._wires(model)
        graph._sort(model)
        graph._output(model)
        return graph

    def at(self, place: int) -> list[Problem]:
        return self.by_node.get(place, [])

    def _say(self, code: str, index: int, name: str, message: Text, **params: str | int) -> None:
        self.by_node[index].append(
            Problem(
                code=code,
                message=message,
                severity="warning" if code == "dangling" else "error",
                pointer=f"/model/nodes/{index}",
                node=name,
                params=params,
            )
        )

    def _names(self, model: ModelSpec) -> None:
        for index, node in enumerate(model.nodes):
            if node.id not in self.index and node.id != INPUT:
                self.index[node.id] = index
                continue
            message = text(f"The name “{node.id}” is taken.", f"名称“{node.id}”已被占用。")
            self._say("duplicate_id", index, node.id, message)

    def _wires(self, model: ModelSpec) -> None:
        for index, node in enumerate(model.nodes):
            low, high = node.layer.ARITY
            if not low <= len(node.inputs) <= high:
                self._say("arity", index, node.id, _arity(node.layer.TITLE, low, high, node.inputs))
            for place, source in enumerate(node.inputs):
                if source != INPUT and source not in self.index:
                    message = text(
                        f"There is no layer “{source}” to read from.",
                        f"没有名为“{source}”的层可作输入。",
                    )
                    self._say("unknown_input", index, node.id, message, place=place, source=source)

    def _sort(self, model: ModelSpec) -> None:
        """Kahn's order; what is left over lies on a loop or behind one."""
        waiting = {
            name: {s for s in model.nodes[index].inputs if s in self.index}
            for name, index in self.index.items()
        }
        readers: dict[str, list[str]] = defaultdict(list)
        for name, sources in waiting.items():
            for source in sources:
                readers[source].append(name)
        order: list[str] = []
        ready = [name for name, sources in waiting.items() if not sources]
        while ready:
            order += ready
            freed = []
            for name in ready:
                del waiting[name]
                for reader in readers[name]:
                    waiting[reader].discard(name)
                    if not waiting[reader]:
                        freed.append(reader)
            ready = sorted(freed, key=self.index.__getitem__)
        self.order = tuple(order)
        loops = _on_loops(waiting)
        self.loops = frozenset(loops)
        for name in loops:
            message = text(f"“{name}” lies on a loop of wires.", f"“{name}”处在连线的环路上。")
            self._say("cycle", self.index[name], name, message)

    def _output(self, model: ModelSpec) -> None:
        output = model.outputs[0]
        if not model.nodes:
            message = text("The network has no layer yet.", "网络还没有任何层。")
            self.problems.append(Problem(code="empty", message=message, pointer="/model/nodes"))
            return
        if output not in self.index:
            message = text(
                f"There is no layer “{output}” to end with.", f"没有名为“{output}”的输出层。"
            )
            self.problems.append(
                Problem(code="unknown_output", message=message, pointer="/model/outputs/0")
            )
            return
        read = {source for node in model.nodes for source in node.inputs}
        twice = {
            problem.node
            for found in self.by_node.values()
            for problem in found
            if problem.code == "duplicate_id"
        }
        for name, index in self.index.items():
            if name != output and name not in read | twice:
                message = text(
                    f"“{name}” leads nowhere: no layer reads it.",
                    f"“{name}”没有去向：没有层读取它。",
                )
                self._say("dangling", index, name, message)


def after(model: ModelSpec, name: str) -> set[str]:
    """``name`` and every node that reads from it, directly or not."""
    readers: dict[str, list[str]] = defaultdict(list)
    for node in model.nodes:
        for source in node.inputs:
            readers[source].append(node.id)
    seen: set[str] = set()
    stack = [name]
    while stack:
        one = stack.pop()
        if one not in seen:
            seen.add(one)
            stack += readers[one]
    return seen


def _arity(title: Text, low: int, high: int, inputs: tuple[str, ...]) -> Text:
    if not inputs:
        return text(f"{title.en} reads from no layer yet.", f"{title.zh}还没有输入。")
    wants = str(low) if low == high else f"{low}–{high}"
    return text(
        f"{title.en} takes {wants} input{'' if wants == '1' else 's'}, not {len(inputs)}.",
        f"{title.zh}需要 {wants} 个输入，而不是 {len(inputs)} 个。",
    )


def _on_loops(waiting: dict[str, set[str]]) -> list[str]:
    """The nodes of ``waiting`` (node → nodes it reads) that lie on a loop, not only behind one or between two.

    Strongly connected components after Kosaraju: finish times along the wires, then the other way.
    """
    readers: dict[str, set[str]] = {name: set() for name in waiting}
    for name, sources in waiting.items():
        for source in sources:
            readers[source].add(name)
    seen: set[str] = set()
    finished = [name for start in waiting for name in _walk(start, waiting, seen)]
    seen = set()
    loops: set[str] = set()
    for start in reversed(finished):
        component = _walk(start, readers, seen)
        if len(component) > 1 or start in waiting[start]:
            loops.update(component)
    return [name for name in waiting if name in loops]


def _walk(start: str, ways: dict[str, set[str]], seen: set[str]) -> list[str]:
    """Depth first from ``start`` over what is not ``seen``, in the order of finishing."""
    if start in seen:
        return []
    seen.add(start)
    finished: list[str] = []
    stack = [(start, iter(sorted(ways[start])))]
    while stack:
        name, rest = stack[-1]
        following = next((one for one in rest if one not in seen), None)
        if following is None:
            finished.append(name)
            stack.pop()
        else:
            seen.add(following)
            stack.append((following, iter(sorted(ways[following]))))
    return finished
