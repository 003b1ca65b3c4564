// Columns of a layered drawing: the rank of every card, the corridors of long wires, and an order with few
// crossings. Knows no sizes; places.ts gives the coordinates.

export interface Wire {
  readonly from: string;
  readonly to: string;
}

/** A card, or the corridor through a column of the wires that leave one card for later columns. */
export interface Slot {
  readonly id: string;
  readonly rank: number;
  /** The card whose wires pass here; null for a card. */
  readonly passes: string | null;
}

export interface Layers {
  /** Slots of each column from top to bottom. */
  readonly columns: readonly (readonly Slot[])[];
  /** Slots that are joined, each in the column after the other's. */
  readonly joints: readonly (readonly [string, string])[];
  /** Wires that run backwards: a loop of the network. */
  readonly back: readonly Wire[];
}

const SWEEPS = 8;

/** Name of the corridor that wires from `card` take through column `rank`. */
export function corridor(card: string, rank: number): string {
  return `${card}→${rank}`;
}

/** `ids` are in the order of computation; a wire against it closes a loop and does not count. */
export function layered(ids: readonly string[], wires: readonly Wire[]): Layers {
  const place = new Map(ids.map((id, i) => [id, i]));
  const known = wires.filter((wire) => place.has(wire.from) && place.has(wire.to));
  const ahead = (wire: Wire) => (place.get(wire.from) ?? 0) < (place.get(wire.to) ?? 0);
  const forward = known.filter(ahead);
  const ranks = ranked(ids, forward);
  const slots: Slot[] = ids.map((id) => ({ id, rank: ranks.get(id) ?? 0, passes: null }));
  const joints: [string, string][] = [];
  for (const id of ids) {
    const rank = ranks.get(id) ?? 0;
    const goals = forward.filter((wire) => wire.from === id).map((wire) => wire.to);
    const last = Math.max(rank + 1, ...goals.map((goal) => ranks.get(goal) ?? 0));
    for (let r = rank + 1; r < last; r++) {
      slots.push({ id: corridor(id, r), rank: r, passes: id });
      joints.push([r === rank + 1 ? id : corridor(id, r - 1), corridor(id, r)]);
    }
    for (const goal of new Set(goals)) {
      const at = ranks.get(goal) ?? 0;
      joints.push([at === rank + 1 ? id : corridor(id, at - 1), goal]);
    }
  }
  const columns: Slot[][] = [];
  for (const slot of slots) (columns[slot.rank] ??= []).push(slot);
  return {
    columns: untangled(columns, joints),
    joints,
    back: known.filter((wire) => !ahead(wire)),
  };
}

/** Longest way from the left; what nothing is wired into stands one column before its first reader. */
function ranked(ids: readonly string[], wires: readonly Wire[]): Map<string, number> {
  const ranks = new Map<string, number>();
  for (const id of ids) {
    const before = wires.filter((wire) => wire.to === id).map((wire) => ranks.get(wire.from) ?? 0);
    ranks.set(id, before.length ? 1 + Math.max(...before) : id === ids[0] ? 0 : 1);
  }
  for (const id of [...ids].reverse()) {
    if (id === ids[0] || wires.some((wire) => wire.to === id)) continue;
    const after = wires.filter((wire) => wire.from === id).map((wire) => ranks.get(wire.to) ?? 1);
    if (after.length) ranks.set(id, Math.max(1, Math.min(...after) - 1));
  }
  return ranks;
}

/** Barycentres from the left and from the right in turn; the order with the fewest crossings stays. */
function untangled(columns: Slot[][], joints: readonly (readonly [string, string])[]): Slot[][] {
  if (columns.every((column) => column.length < 2)) return columns;
  const before = neighbours(joints, 1, 0);
  const after = neighbours(joints, 0, 1);
  let now = columns.map((column) => [...column]);
  let best = now;
  let fewest = crossings(now, joints);
  for (let sweep = 0; sweep < SWEEPS && fewest > 0; sweep++) {
    const right = sweep % 2 === 0;
    const order = now.map((_, i) => (right ? i : now.length - 1 - i));
    const places = new Map<string, number>();
    now = now.map((column) => [...column]);
    for (const i of order) {
      const column = now[i] ?? [];
      const wish = new Map(
        column.map((slot, k) => {
          const near = (right ? before : after).get(slot.id) ?? [];
          const known = near.flatMap((id) => places.get(id) ?? []);
          const mean = known.reduce((a, b) => a + b, 0) / known.length;
          return [slot.id, known.length ? mean : (k + 0.5) / column.length];
        }),
      );
      column.sort((a, b) => (wish.get(a.id) ?? 0) - (wish.get(b.id) ?? 0));
      column.forEach((slot, k) => places.set(slot.id, (k + 0.5) / column.length));
    }
    const found = crossings(now, joints);
    if (found < fewest) [best, fewest] = [now, found];
  }
  return best;
}

function neighbours(
  joints: readonly (readonly [string, string])[],
  key: 0 | 1,
  value: 0 | 1,
): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const joint of joints) {
    const list = found.get(joint[key]) ?? [];
    list.push(joint[value]);
    found.set(joint[key], list);
  }
  return found;
}

/** How many pairs of joints between neighbouring columns cross. */
export function crossings(
  columns: readonly (readonly Slot[])[],
  joints: readonly (readonly [string, string])[],
): number {
  const place = new Map(
    columns.flatMap((column) => column.map((slot, k) => [slot.id, k] as const)),
  );
  const rank = new Map(columns.flatMap((column, r) => column.map((slot) => [slot.id, r] as const)));
  const groups = new Map<number, [number, number][]>();
  for (const [from, to] of joints) {
    const r = rank.get(from) ?? 0;
    const list = groups.get(r) ?? [];
    list.push([place.get(from) ?? 0, place.get(to) ?? 0]);
    groups.set(r, list);
  }
  let count = 0;
  for (const list of groups.values()) {
    list.forEach(([a, b], i) => {
      for (const [c, d] of list.slice(i + 1)) if ((a - c) * (b - d) < 0) count++;
    });
  }
  return count;
}
