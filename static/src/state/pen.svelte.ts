// Points of the plane set by hand: what a click does, and the edits it makes of the spec.
import { t, say } from '../i18n';
import { decode, joined, NONE, type Batch } from './samples.svelte';
import type { Session } from './session.svelte';

export type Tool = 'ask' | 'add' | 'erase';
export type Point = [number, number, number];

export const MOST_POINTS = 2000;
export const MOST_CLASSES = 6;
export const CUSTOM = 'points_custom';
/** How near a point must be to be erased, in units of the plane. */
const REACH = 0.45;
const PAGE = 256;

function rounded(value: number): number {
  return Math.round(Math.min(Math.max(value, -6), 6) * 100) / 100;
}

/** The nearest point within reach, or −1. */
export function nearest(points: readonly Point[], x: number, y: number): number {
  let found = -1;
  let best = REACH;
  points.forEach(([px, py], i) => {
    const distance = Math.hypot(px - x, py - y);
    if (distance <= best) [found, best] = [i, distance];
  });
  return found;
}

/** Whether the point at this place of the list validates, as the server divides them. */
export function validates(place: number, trainShare: number): boolean {
  const share = 1 - trainShare;
  return Math.floor((place + 1) * share + 1e-9) > Math.floor(place * share + 1e-9);
}

export class Pen {
  tool = $state<Tool>('ask');
  class = $state(0);
  readonly #session: Session;
  readonly custom = $derived.by(() => this.#session.dataset.type === CUSTOM);
  readonly points = $derived.by<readonly Point[] | null>(() => {
    const { dataset, facts, samples } = this.#session;
    if (!this.custom) return null;
    const given = dataset['points'] as Point[] | undefined;
    if (given) return given;
    // Those it starts with are written into the spec by the first edit.
    if (!facts || samples.train.shape.length !== 1) return [];
    return merged(samples.train, samples.val, this.share);
  });
  readonly share = $derived.by(() => Number(this.#session.dataset['train_share'] ?? 0.75));
  readonly classes = $derived.by(() => Number(this.#session.dataset['classes'] ?? 2));

  constructor(session: Session) {
    this.#session = session;
  }

  /** Whether a click edits the points instead of asking the network. */
  get edits(): boolean {
    return this.custom && this.tool !== 'ask';
  }

  click(x: number, y: number): void {
    const points = this.points ?? [];
    const { app, facts } = this.#session;
    if (this.tool === 'erase') {
      const at = nearest(points, x, y);
      if (at < 0) return;
      this.#become(points.filter((_, i) => i !== at));
      app.announce(t('points.erased', { count: points.length - 1 }));
      return;
    }
    if (points.length >= MOST_POINTS) {
      app.note({ kind: 'warn', title: t('points.full', { most: MOST_POINTS }) });
      return;
    }
    const place: Point = [rounded(x), rounded(y), Math.min(this.class, this.classes - 1)];
    this.#become([...points, place]);
    const named = facts?.classes[place[2]];
    app.announce(
      t('points.added', {
        name: named ? say(named) : String(place[2] + 1),
        x: place[0],
        y: place[1],
        count: points.length + 1,
      }),
    );
  }

  clear(): void {
    this.#become([]);
  }

  /** Another number of classes; points of those that go away go with them. */
  setClasses(classes: number): void {
    const kept = (this.points ?? []).filter((point) => point[2] < classes);
    this.class = Math.min(this.class, classes - 1);
    this.#session.setDataset({ ...this.#session.dataset, points: kept, classes }, '');
  }

  #become(points: readonly Point[]): void {
    this.#session.setDataset({ ...this.#session.dataset, points }, '');
  }

  /** Make the points of a generated set one's own. */
  async adopt(): Promise<void> {
    const { api, dataset, sizes, facts } = this.#session;
    const classes = Math.max(2, facts?.classes.length ?? 2);
    const share = Math.min(0.9, Math.max(0.1, sizes[0] / Math.max(1, sizes[0] + sizes[1])));
    const [train, val] = await Promise.all([
      this.#all(api, dataset, 'train', sizes[0]),
      this.#all(api, dataset, 'val', sizes[1]),
    ]);
    const points = merged(train, val, share).slice(0, MOST_POINTS);
    this.#session.setDataset({ type: CUSTOM, points, classes, train_share: share }, '');
    this.tool = 'add';
  }

  async #all(
    api: Session['api'],
    dataset: Session['dataset'],
    split: 'train' | 'val',
    count: number,
  ): Promise<Batch> {
    let found: Batch = NONE;
    for (let start = 0; start < count; start += PAGE) {
      found = joined(found, decode(await api.samples(dataset, split, start, PAGE)));
    }
    return found;
  }
}

/** Both parts in one list, in which every point keeps its part. */
function merged(train: Batch, val: Batch, share: number): Point[] {
  const next = { train: 0, val: 0 };
  const points: Point[] = [];
  while (next.train < train.count || next.val < val.count) {
    const wanted = validates(points.length, share) ? 'val' : 'train';
    const part =
      wanted === 'val'
        ? next.val < val.count
          ? 'val'
          : 'train'
        : next.train < train.count
          ? 'train'
          : 'val';
    const [batch, i] = part === 'val' ? [val, next.val++] : [train, next.train++];
    points.push([
      rounded(batch.inputs[2 * i] ?? 0),
      rounded(batch.inputs[2 * i + 1] ?? 0),
      batch.targets[i] ?? 0,
    ]);
  }
  return points;
}
