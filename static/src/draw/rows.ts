// Heights of a layered drawing: where in its column every card and every passing wire stands. Pure numbers.
import type { Layers, Slot } from './layers';

/** To the left and to the right in turn: each column follows the one that was placed before it. */
const SWEEPS = 8;
/** How much more a card keeps to its place than a wire that passes it. */
const CARD = 200;
/** Wires that miss being level by so little are made level. */
const LEVEL = 16;
/** Long wires and the trunk of the network want to be straight; the ends of a long wire give way. */
const PULL = { corridor: 6, trunk: 12, branch: 3, end: 0.05 };

/** Middles of all slots: each near those it is joined to, none over another of its column. */
export function rows(
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
