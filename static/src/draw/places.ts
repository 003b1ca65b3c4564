// Coordinates of a layered drawing: every card its place, every wire its way around the cards. Pure numbers.
import { corridor, type Layers, type Slot, type Wire } from './layers';
import { rows } from './rows';

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Spacing {
  /** Between two columns, where wires run straight and where they bend. */
  readonly straight: number;
  readonly bent: number;
  /** Between two cards of a column, and beside a wire that passes. */
  readonly lane: number;
  readonly corridor: number;
  /** Between two wires that come to one card. */
  readonly port: number;
}

export interface Box extends Size {
  readonly x: number;
  readonly y: number;
}

export interface Way {
  readonly from: string;
  readonly to: string;
  /** Which input of the card it comes to. */
  readonly input: number;
  /** SVG path from the right edge of the one card to the left edge of the other. */
  readonly path: string;
  /** Where it comes to the card: its buttons stand before this point. */
  readonly end: readonly [number, number];
  /** Where what flows through it can be written along it: the middle of its longest corridor. */
  readonly badge: readonly [number, number] | null;
  readonly back: boolean;
}

export interface Drawing extends Size {
  readonly boxes: ReadonlyMap<string, Box>;
  readonly ways: readonly Way[];
  /** Width of the gap before each column. */
  readonly gaps: readonly number[];
}

/** Width of the gap before each column of these layers. */
export function gapsOf(layers: Layers, spacing: Spacing): number[] {
  return layers.columns.map((column, rank) => {
    if (rank === 0) return 0;
    const before = layers.columns[rank - 1] ?? [];
    return column.length > 1 || before.length > 1 ? spacing.bent : spacing.straight;
  });
}

/** The drawing of cards of these sizes; wires in the order of the inputs of each card. */
export function placed(
  layers: Layers,
  wires: readonly Wire[],
  sizes: ReadonlyMap<string, Size>,
  spacing: Spacing,
): Drawing {
  const gaps = gapsOf(layers, spacing);
  const size = (slot: Slot): Size =>
    slot.passes === null
      ? (sizes.get(slot.id) ?? { width: 0, height: 0 })
      : { width: 0, height: spacing.corridor };
  const widths = layers.columns.map((column) => Math.max(0, ...column.map((s) => size(s).width)));
  const middles = rows(layers, (slot) => size(slot).height, spacing.lane);
  const boxes = new Map<string, Box>();
  const lanes = new Map<string, { left: number; right: number; y: number }>();
  let x = 0;
  let bottom = 0;
  layers.columns.forEach((column, rank) => {
    x += gaps[rank] ?? 0;
    const width = widths[rank] ?? 0;
    for (const slot of column) {
      const own = size(slot);
      const y = middles.get(slot.id) ?? 0;
      bottom = Math.max(bottom, y + own.height / 2);
      if (slot.passes !== null) lanes.set(slot.id, { left: x, right: x + width, y });
      else {
        const left = x + (width - own.width) / 2;
        boxes.set(slot.id, { ...own, x: left, y: y - own.height / 2 });
      }
    }
    x += width;
  });
  const { port } = spacing;
  const ways = routed(layers, wires, boxes, lanes, { x, bottom, port });
  const lowest = ways.some((way) => way.back) ? bottom + 2 * port : bottom;
  return { width: x, height: lowest, boxes, ways, gaps };
}

interface Lane {
  left: number;
  right: number;
  y: number;
}

function routed(
  layers: Layers,
  wires: readonly Wire[],
  boxes: ReadonlyMap<string, Box>,
  lanes: ReadonlyMap<string, Lane>,
  edge: { x: number; bottom: number; port: number },
): Way[] {
  const rank = new Map(
    layers.columns.flatMap((column, r) => column.map((s) => [s.id, r] as const)),
  );
  const lefts = new Map<number, number>();
  const rights = new Map<number, number>();
  for (const [id, box] of boxes) {
    const r = rank.get(id) ?? 0;
    lefts.set(r, Math.min(lefts.get(r) ?? Infinity, box.x));
    rights.set(r, Math.max(rights.get(r) ?? 0, box.x + box.width));
  }
  const through = (wire: Wire): Lane[] => {
    const [first, last] = [rank.get(wire.from) ?? 0, rank.get(wire.to) ?? 0];
    const found: Lane[] = [];
    for (let r = first + 1; r < last; r++) {
      const lane = lanes.get(corridor(wire.from, r));
      if (lane) found.push(lane);
    }
    return found;
  };
  const middle = (box: Box) => box.y + box.height / 2;
  const arriving = new Map<string, { index: number; y: number }[]>();
  const inputs = new Map<string, number>();
  const own = wires.map((wire, index) => {
    const input = inputs.get(wire.to) ?? 0;
    inputs.set(wire.to, input + 1);
    const from = boxes.get(wire.from);
    const lane = through(wire).at(-1);
    const back = layers.back.includes(wire);
    const y = back ? edge.bottom : (lane?.y ?? (from ? middle(from) : 0));
    arriving.set(wire.to, [...(arriving.get(wire.to) ?? []), { index, y }]);
    return { wire, input, back };
  });
  return own.flatMap(({ wire, input, back }, index): Way[] => {
    const [from, to] = [boxes.get(wire.from), boxes.get(wire.to)];
    if (!from || !to) return [];
    const list = [...(arriving.get(wire.to) ?? [])].sort((a, b) => a.y - b.y || a.index - b.index);
    const order = list.findIndex((one) => one.index === index);
    const step = Math.min(edge.port, (to.height - 12) / Math.max(1, list.length));
    const goal = middle(to) + (order - (list.length - 1) / 2) * step;
    const start = [from.x + from.width, middle(from)] as const;
    const end = [to.x, goal] as const;
    const ids = { from: wire.from, to: wire.to, input, end, back };
    if (back) {
      const low = edge.bottom + edge.port;
      const path = `M${start} C${start[0] + 40},${start[1]} ${start[0] + 40},${low} ${start[0] - 10},${low} L${end[0] + 10},${low} C${end[0] - 40},${low} ${end[0] - 40},${goal} ${end}`;
      return [{ ...ids, path, badge: [(start[0] + end[0]) / 2, low] }];
    }
    const lane = through(wire);
    const r = rank.get(wire.to) ?? 0;
    const clear = rights.get(rank.get(wire.from) ?? 0) ?? start[0];
    const near = Math.min(lefts.get(r) ?? end[0], end[0]);
    const points: (readonly [number, number])[] = [start, [clear, start[1]]];
    for (const one of lane) points.push([one.left, one.y], [one.right, one.y]);
    points.push([near, goal], end);
    const widest = lane.reduce<Lane | null>(
      (a, b) => (!a || b.right - b.left > a.right - a.left ? b : a),
      null,
    );
    const roomy = widest !== null && widest.right - widest.left > 40;
    const badge = roomy ? ([(widest.left + widest.right) / 2, widest.y] as const) : null;
    return [{ ...ids, path: smooth(points), badge }];
  });
}

/** Straight where it is level, and a curve with level ends where it is not. */
function smooth(points: readonly (readonly [number, number])[]): string {
  const round = (value: number) => Math.round(value * 10) / 10;
  let path = '';
  points.forEach(([x, y], i) => {
    const before = points[i - 1];
    if (before && Math.abs(before[0] - x) < 0.5 && Math.abs(before[1] - y) < 0.5) return;
    if (!before) path = `M${round(x)},${round(y)}`;
    else if (Math.abs(before[1] - y) < 0.5) path += ` L${round(x)},${round(y)}`;
    else {
      const half = round((before[0] + x) / 2);
      path += ` C${half},${round(before[1])} ${half},${round(y)} ${round(x)},${round(y)}`;
    }
  });
  return path;
}
