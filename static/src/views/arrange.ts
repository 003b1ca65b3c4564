// How large the maps of every card may be, so that the network fills the stage; then where each card stands.
// Pure: wishes and room in, grids and a drawing out.
import { fit, type Fit, type Lane, type Wish } from '../draw/fit';
import type { Layers } from '../draw/layers';
import { gapsOf, placed, type Drawing, type Size, type Spacing } from '../draw/places';
import type { CardWire } from '../state/wiring';

export interface Space {
  readonly width: number;
  readonly height: number;
  readonly spacing: Spacing;
  /** Size of text and frames: larger for presentations. */
  readonly scale: number;
}

/** A card without maps. */
export const NOTHING: Wish = { count: 1, height: 1, width: 1, emphasis: 0.5, least: 0 };
export const GAP = 3;
export const MARGIN = 12;
/** Room behind the last card for the button that adds one. */
export const END = 30;
const TALLEST = 900;
/** Maps of a card among others in its column are at least so high. */
const LOWEST = 44;
/** Frame of a card to the left and right of its maps; title and frame above and below. */
const SIDE = 16;
const TITLE = { alone: 66, stacked: 70 };
/** Tries to bring branches into the height of the stage. */
const ROUNDS = 6;

/** The size a card will about have, before it is drawn. */
export function guess(grid: Fit | undefined, scale: number): Size {
  return { width: (grid?.width ?? 72) + SIDE, height: (grid?.height ?? 60) + 68 * scale };
}

/** A grid for the maps of every card. */
export function grids(
  layers: Layers,
  wires: readonly CardWire[],
  wishes: ReadonlyMap<string, Wish>,
  space: Space,
): ReadonlyMap<string, Fit> {
  const ids = layers.columns.map((column) =>
    column.flatMap((slot) => (slot.passes === null ? slot.id : [])),
  );
  const branched = layers.columns.some((column) => column.length > 1);
  const wish = (id: string) => wishes.get(id) ?? NOTHING;
  const { lane, corridor } = space.spacing;
  const title = (branched ? TITLE.stacked : TITLE.alone) * space.scale;
  const gaps = gapsOf(layers, space.spacing).reduce((a, b) => a + b, 0);
  const room = space.width - 2 * MARGIN - ids.length * SIDE - gaps - END * space.scale;
  const passing = layers.columns.map((column, i) => column.length - (ids[i]?.length ?? 0));
  const tall = space.height - 2 * MARGIN - Math.max(0, ...passing) * (lane + corridor);
  const leasts = ids.map((column) => Math.max(0, ...column.map((id) => wish(id).least)));
  const squeeze = Math.max(0.9, Math.min(1, room / leasts.reduce((a, b) => a + b, 0)));
  const lanes = (share: number) =>
    ids.map((column): Lane => {
      const cards = column.length;
      const own = (tall - (cards - 1) * lane - cards * title) / Math.max(1, cards);
      const height = cards > 1 ? Math.max(LOWEST, own * share) : own;
      const tight = column.map((id) => ({ ...wish(id), least: wish(id).least * squeeze }));
      return { wishes: tight, height: Math.min(height, TALLEST) };
    });
  for (let round = 0, share = 1; ; round++, share *= 0.85) {
    const found = fit(lanes(share), room, GAP);
    const byId = new Map(
      ids.flatMap((column, i) =>
        column.flatMap((id, k) => {
          const grid = found[i]?.[k];
          return grid ? [[id, grid] as const] : [];
        }),
      ),
    );
    if (!branched || round === ROUNDS) return byId;
    // Cards that are held level with others may need more height than they have together.
    const needed = arranged(layers, wires, byId, new Map(), space).height;
    if (needed <= space.height - 2 * MARGIN) return byId;
  }
}

/** Where everything stands; `sizes` are those that cards really have, where they are known. */
export function arranged(
  layers: Layers,
  wires: readonly CardWire[],
  fits: ReadonlyMap<string, Fit>,
  sizes: ReadonlyMap<string, Size>,
  space: Space,
): Drawing {
  const known = layers.columns.flatMap((column) =>
    column.flatMap((slot) => {
      if (slot.passes !== null) return [];
      return [[slot.id, sizes.get(slot.id) ?? guess(fits.get(slot.id), space.scale)] as const];
    }),
  );
  return placed(layers, wires, new Map(known), space.spacing);
}

/** Wishes as text and back: equal text means that nothing has to move. */
export function byCard(ids: readonly string[], text: string): ReadonlyMap<string, Wish> {
  const wishes = JSON.parse(text) as Wish[];
  return new Map(ids.map((id, i) => [id, wishes[i] ?? NOTHING]));
}
