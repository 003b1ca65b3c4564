// What the stage shows and where. Computed anew when the network, the window or the size of a card changes,
// not when new numbers arrive.
import { SvelteMap } from 'svelte/reactivity';
import type { Wish } from '../draw/fit';
import { layered } from '../draw/layers';
import type { Drawing, Size, Spacing, Way } from '../draw/places';
import type { Session } from '../state/session.svelte';
import { cardWires } from '../state/wiring';
import { arranged, byCard, END, GAP, grids, MARGIN, NOTHING, type Space } from './arrange';
import { shown } from './tiles';

const SMALLEST_ZOOM = 0.15;

export class Plan {
  width = $state(800);
  height = $state(500);
  readonly gap = GAP;
  readonly #session: Session;
  readonly #sizes = new SvelteMap<string, Size>();
  readonly #coarse = matchMedia('(pointer: coarse)').matches;
  readonly shows = $derived.by(() => this.#session.cards.map((card) => shown(this.#session, card)));
  readonly wires = $derived.by(() => cardWires(this.#session.cards));
  readonly #ids = $derived.by(() => this.#session.cards.map((card) => card.id));
  readonly layers = $derived.by(() => layered(this.#ids, this.wires));
  readonly #scale = $derived.by(() => (this.#session.app.large ? 1.3 : 1));
  readonly spacing = $derived.by((): Spacing => {
    const scale = this.#scale;
    const rest = { lane: 14, corridor: 18 * scale };
    // A finger needs 24 pixels for each of the three things that stand in a gap.
    if (this.#coarse) return { ...rest, straight: 36, bent: Math.max(64, 44 * scale), port: 26 };
    return { ...rest, straight: 18 * scale, bent: 44 * scale, port: 16 };
  });
  readonly #space = $derived.by((): Space => {
    return {
      width: this.width,
      height: this.height,
      spacing: this.spacing,
      scale: this.#scale,
    };
  });
  readonly #wishes = $derived.by(() =>
    JSON.stringify(
      this.shows.map(({ card, wish, shape }): Wish => {
        if (this.broken(card.id)) return { ...NOTHING, least: 158 * this.#scale };
        if (!shape) return { ...NOTHING, least: 72 * this.#scale };
        return { ...wish, least: wish.least * this.#scale };
      }),
    ),
  );
  readonly fits = $derived.by(() =>
    grids(this.layers, this.wires, byCard(this.#ids, this.#wishes), this.#space),
  );
  readonly drawing = $derived.by((): Drawing =>
    arranged(this.layers, this.wires, this.fits, this.#sizes, this.#space),
  );
  readonly #whole = $derived.by(() => {
    const { width, height } = this.drawing;
    const across = (this.width - 2 * MARGIN) / (width + END);
    return Math.max(SMALLEST_ZOOM, Math.min(1, across, (this.height - 2 * MARGIN) / height));
  });
  readonly zoom = $derived.by(() => (this.#session.view.whole ? this.#whole : 1));

  /** The scrolled area, and where the drawing stands in it: in the middle where there is room. */
  readonly outer = $derived.by(() => {
    const width = (this.drawing.width + END) * this.zoom;
    const height = this.drawing.height * this.zoom;
    return {
      width: Math.floor(width + 2 * MARGIN),
      height: Math.floor(height + 2 * MARGIN),
      x: Math.round(Math.max(MARGIN, (this.width - width) / 2)),
      y: Math.round(Math.max(MARGIN, (this.height - height) / 2)),
    };
  });

  constructor(session: Session) {
    this.#session = session;
  }

  broken(card: string): boolean {
    const problems = this.#session.reports.get(card)?.problems ?? [];
    return problems.some((problem) => problem.severity === 'error');
  }

  waysTo(card: string): readonly Way[] {
    return this.drawing.ways.filter((way) => way.to === card);
  }

  /** The size that a card really has. */
  measured(card: string, width: number, height: number): void {
    const old = this.#sizes.get(card);
    const same = old && Math.abs(old.width - width) < 1 && Math.abs(old.height - height) < 1;
    if (!same) this.#sizes.set(card, { width, height });
  }
}
