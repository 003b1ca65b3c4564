// Where marks and their labels go on the timeline. Pure.

export interface Tick {
  step: number;
  kind: 'snapshot' | 'command' | 'epoch';
  label: string;
}

export interface Mark extends Tick {
  /** Place on the track, 0 to 1. */
  at: number;
  /** Left edge and width, in pixels, of its label; null where there is no room for it. */
  place: { left: number; width: number } | null;
}

const NEAR = 2;
const ROOM = 8;

/** Rough width of a text in pixels: Chinese characters are twice as wide. */
function widthOf(text: string, size: number): number {
  let units = 0;
  for (const character of text) units += (character.codePointAt(0) ?? 0) > 0x2e80 ? 1 : 0.58;
  return units * size;
}

/**
 * The marks that fit on a track so many pixels wide: of a kind, none closer than two pixels to the one before it;
 * labels where they do not run into one another, the newest commands first, for they are the ones looked for.
 */
export function marksOf(ticks: readonly Tick[], span: number, width: number, size = 11): Mark[] {
  const lastAt = new Map<string, number>();
  const marks: Mark[] = [];
  for (const tick of [...ticks].sort((a, b) => a.step - b.step)) {
    const at = span > 0 ? Math.min(1, Math.max(0, tick.step / span)) : 0;
    const before = lastAt.get(tick.kind);
    if (before !== undefined && (at - before) * width < NEAR) continue;
    lastAt.set(tick.kind, at);
    marks.push({ ...tick, at, place: null });
  }
  for (const kind of ['command', 'epoch'] as const) {
    const taken: [number, number][] = [];
    for (const mark of marks.filter((one) => one.kind === kind && one.label !== '').reverse()) {
      const half = widthOf(mark.label, size) / 2;
      const middle = Math.min(width - half, Math.max(half, mark.at * width));
      const free = taken.every(
        ([low, high]) => middle + half + ROOM < low || middle - half - ROOM > high,
      );
      if (!free || width <= 0) continue;
      mark.place = { left: middle - half, width: 2 * half };
      taken.push([middle - half, middle + half]);
    }
  }
  return marks;
}

/** The next mark before or after a step; the step itself where there is none. */
export function neighbour(
  ticks: readonly Tick[],
  step: number,
  direction: 1 | -1,
  last: number,
): number {
  const steps = ticks.map((tick) => tick.step).filter((each) => each <= last);
  const beyond = steps.filter((each) => (direction > 0 ? each > step : each < step));
  if (beyond.length === 0) return direction > 0 ? last : 0;
  return direction > 0 ? Math.min(...beyond) : Math.max(...beyond);
}

/** The mark within so many pixels of a place, to which a drag snaps. */
export function snapped(
  step: number,
  ticks: readonly Tick[],
  span: number,
  width: number,
  pull = 5,
): number {
  const reach = (pull / Math.max(width, 1)) * span;
  const near = ticks.filter((tick) => Math.abs(tick.step - step) <= reach);
  if (near.length === 0) return step;
  return near.reduce((a, b) => (Math.abs(b.step - step) < Math.abs(a.step - step) ? b : a)).step;
}
