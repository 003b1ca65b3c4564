// Coordinates of a layered drawing: every card its place, every wire its way around the cards. Pure numbers.
import { corridor, type Layers, type Slot, type Wire } from './layers';

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

/** To the left and to the right in turn: each column follows the one that was placed before it. */
const SWEEPS = 8;
/** How much more a card keeps to its place than a wire that passes it. */
const CARD = 200;
/** Wires that miss being level by so little are made level. */
const LEVEL = 16;
/** Distance of two wires that come to one card. */
const PORT = 16;
/** Long wires and the trunk of the network want to be straight; the ends of a long wire give way. */
const PULL = { corridor: 6, trunk: 12, branch: 3, end: 0.05 };

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
  const ways = routed(layers, wires, boxes, lanes, { x, bottom });
  const lowest = ways.some((way) => way.back) ? bottom + 2 * PORT : bottom;
  return { width: x, height: lowest, boxes, ways, gaps };
}

/** Middles of all slots: each near those it is joined to, none over another of its column. */
function rows(
  layers: Layers,
  height: (slot: Slot) => number,
  lane: number,
): ReadonlyMap<string, number> {
  const [after, before] = [
    new Map<string, [string, number][]>(),
    new Map<string, [string, number][]>(),
  ];
  const count = new Map<string, number>();
  for (const [from, to] of layers.joints) {
    count.set(`>${from}`, (count.get(`>${from}`) ?? 0) + 1);
    count.set(`<${to}`, (count.get(`<${to}`) ?? 0) + 1);
  }
  const passes = new Set(layers.columns.flat().flatMap((s) => (s.passes === null ? [] : s.id)));
  for (const [from, to] of layers.joints) {
    const ends = Number(passes.has(from)) + Number(passes.has(to));
    const alone = count.get(`>${from}`) === 1 && count.get(`<${to}`) === 1;
    const cards = alone ? PULL.trunk : PULL.branch;
    // A join of two follows the card before it, one of more stands in the middle of all its branches.
    const end = (count.get(`<${to}`) ?? 0) > 2 ? PULL.branch : PULL.end;
    const pull = ends === 2 ? PULL.corridor : ends === 1 ? end : cards;
    after.set(from, [...(after.get(from) ?? []), [to, pull]]);
    before.set(to, [...(before.get(to) ?? []), [from, pull]]);
  }
  const middles = new Map<string, number>();
  const settle = (column: readonly Slot[], wish: (slot: Slot) => number) => {
    const found = apart(
      column.map((slot) => [wish(slot), height(slot), slot.passes === null ? CARD : 1] as const),
      lane,
    );
    column.forEach((slot, i) => middles.set(slot.id, found[i] ?? 0));
  };
  for (const column of layers.columns) settle(column, () => 0);
  const branched = layers.columns.some((column) => column.length > 1);
  for (let sweep = 0; branched && sweep < SWEEPS; sweep++) {
    const leftwards = sweep % 2 === 0;
    const columns = leftwards ? [...layers.columns].reverse() : layers.columns;
    for (const column of columns) {
      settle(column, (slot) => {
        let [sum, weight] = [0, 0];
        for (const [other, pull] of (leftwards ? after : before).get(slot.id) ?? []) {
          sum += pull * (middles.get(other) ?? 0);
          weight += pull;
        }
        return weight ? sum / weight : (middles.get(slot.id) ?? 0);
      });
    }
  }
  straighten(layers, middles, height, lane, passes);
  const tops = layers.columns.flat().map((slot) => (middles.get(slot.id) ?? 0) - height(slot) / 2);
  const least = tops.length ? Math.min(...tops) : 0;
  return new Map([...middles].map(([id, y]) => [id, y - least]));
}

/** Wires that are nearly level become level, where that pushes nothing over another. */
function straighten(
  layers: Layers,
  middles: Map<string, number>,
  height: (slot: Slot) => number,
  lane: number,
  passes: ReadonlySet<string>,
): void {
  const slots = new Map(
    layers.columns.flatMap((column) => column.map((slot, k) => [slot.id, { column, k }] as const)),
  );
  const middle = (slot: Slot) => middles.get(slot.id) ?? 0;
  for (let round = 0; round < 2; round++) {
    // Corridors first: a long wire is straight before a short one.
    for (const long of [true, false]) {
      for (const [from, to] of layers.joints) {
        if ((passes.has(from) && passes.has(to)) !== long) continue;
        const own = slots.get(to);
        const slot = own?.column[own.k];
        const goal = middles.get(from) ?? 0;
        if (!own || !slot || Math.abs(goal - middle(slot)) > LEVEL) continue;
        const [above, below] = [own.column[own.k - 1], own.column[own.k + 1]];
        const clear = (other: Slot) => (height(other) + height(slot)) / 2 + lane - 1e-6;
        const high = !above || goal - middle(above) >= clear(above);
        if (high && (!below || middle(below) - goal >= clear(below))) middles.set(to, goal);
      }
    }
  }
}

/** Wish, height and weight of each: the middles nearest to the wishes at which nothing overlaps, in order. */
export function apart(
  wishes: readonly (readonly [number, number, number])[],
  gap: number,
): number[] {
  const offsets: number[] = [];
  wishes.forEach(([, height], i) => {
    const before = wishes[i - 1]?.[1] ?? 0;
    offsets.push(i === 0 ? 0 : (offsets[i - 1] ?? 0) + before / 2 + gap + height / 2);
  });
  // Least squares: without the offsets the order alone must hold; pool neighbours that are the wrong way round.
  const pools: { sum: number; weight: number; count: number }[] = [];
  wishes.forEach(([wish, , weight], i) => {
    pools.push({ sum: weight * (wish - (offsets[i] ?? 0)), weight, count: 1 });
    for (;;) {
      const [last, before] = [pools.at(-1), pools.at(-2)];
      if (!last || !before || before.sum / before.weight <= last.sum / last.weight) break;
      pools.splice(-2, 2, {
        sum: before.sum + last.sum,
        weight: before.weight + last.weight,
        count: before.count + last.count,
      });
    }
  });
  const flat = pools.flatMap((pool) =>
    Array.from({ length: pool.count }, () => pool.sum / pool.weight),
  );
  return flat.map((value, i) => value + (offsets[i] ?? 0));
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
  edge: { x: number; bottom: number },
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
    const step = Math.min(PORT, (to.height - 12) / Math.max(1, list.length));
    const goal = middle(to) + (order - (list.length - 1) / 2) * step;
    const start = [from.x + from.width, middle(from)] as const;
    const end = [to.x, goal] as const;
    const ids = { from: wire.from, to: wire.to, input, end, back };
    if (back) {
      const low = edge.bottom + PORT;
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
