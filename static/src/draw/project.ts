// Points on a plane that must not jump: turned and mirrored to lie on what was shown before, and labels that leave
// each other room. Pure numbers.

export interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * The points turned (and, where that fits better, mirrored) about the middle of the shared ones so that these lie
 * closest to where they lay before: orthogonal Procrustes on the plane. Principal components have no fixed sign, and
 * change places while a network learns.
 */
export function aligned<T extends Point & { token: number }>(
  points: readonly T[],
  before: Readonly<Record<number, Point>>,
): T[] {
  const pairs = points.flatMap((point) => {
    const old = before[point.token];
    return old ? [{ point, old }] : [];
  });
  if (pairs.length < 2) return [...points];
  const mean = (of: (pair: (typeof pairs)[number]) => number) =>
    pairs.reduce((sum, pair) => sum + of(pair), 0) / pairs.length;
  const [cx, cy] = [mean((p) => p.point.x), mean((p) => p.point.y)];
  const [ox, oy] = [mean((p) => p.old.x), mean((p) => p.old.y)];
  let [xx, xy, yx, yy] = [0, 0, 0, 0];
  for (const { point, old } of pairs) {
    xx += (point.x - cx) * (old.x - ox);
    xy += (point.x - cx) * (old.y - oy);
    yx += (point.y - cy) * (old.x - ox);
    yy += (point.y - cy) * (old.y - oy);
  }
  // Without a mirror tr = |(xx + yy, xy − yx)|, with one |(xx − yy, xy + yx)|: the larger agrees better.
  const plain = Math.hypot(xx + yy, xy - yx);
  const mirrored = Math.hypot(xx - yy, xy + yx);
  if (!Number.isFinite(plain + mirrored)) return [...points];
  const mirror = mirrored > plain ? -1 : 1;
  const angle = Math.atan2(xy - mirror * yx, xx + mirror * yy);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return points.map((point) => ({
    ...point,
    x: cos * point.x - mirror * sin * point.y,
    y: sin * point.x + mirror * cos * point.y,
  }));
}

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Label<T> {
  readonly of: T;
  /** Of the point. */
  readonly x: number;
  readonly y: number;
  /** Where the text goes, or null: no room. */
  readonly box: Box | null;
}

const GAP = 5;

function meets(a: Box, b: Box): boolean {
  return (
    a.left < b.left + b.width &&
    b.left < a.left + a.width &&
    a.top < b.top + b.height &&
    b.top < a.top + a.height
  );
}

/**
 * Gives every point its label right, left, above or below it, wherever the picture of `width` × `height` and the
 * labels before it leave room; the first points choose first. `size` tells a label's width and height.
 */
export function labelled<T extends Point>(
  points: readonly T[],
  width: number,
  height: number,
  size: (point: T) => readonly [number, number],
): Label<T>[] {
  const taken: Box[] = [];
  return points.map((of) => {
    const { x, y } = of;
    const [w, h] = size(of);
    const choices: Box[] = [
      { left: x + GAP, top: y - h / 2, width: w, height: h },
      { left: x - GAP - w, top: y - h / 2, width: w, height: h },
      { left: x - w / 2, top: y - GAP - h, width: w, height: h },
      { left: x - w / 2, top: y + GAP, width: w, height: h },
    ];
    const box = choices.find(
      (one) =>
        one.left >= 0 &&
        one.top >= 0 &&
        one.left + w <= width &&
        one.top + h <= height &&
        !taken.some((other) => meets(one, other)),
    );
    if (box) taken.push(box);
    return { of, x, y, box: box ?? null };
  });
}
