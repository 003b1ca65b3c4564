// Arithmetic of the drawing pad: a soft round brush, and MNIST's way to size and centre a drawing. Pure.

export interface Point {
  x: number;
  y: number;
}

/** Distance from p to the segment a–b. */
function distance(p: Point, a: Point, b: Point): number {
  const dx = b.x - a.x;
  const dy = b.y - a.y;
  const length = dx * dx + dy * dy;
  const along = length === 0 ? 0 : ((p.x - a.x) * dx + (p.y - a.y) * dy) / length;
  const at = Math.min(1, Math.max(0, along));
  return Math.hypot(p.x - a.x - at * dx, p.y - a.y - at * dy);
}

/**
 * Paints the segment a–b into values (side × side, rows first, 0 to 1) with a round brush whose edge fades over
 * one cell; erases with ink 0. Coordinates are cells: the middle of the first is (0.5, 0.5).
 */
export function stroke(
  values: Float32Array,
  side: number,
  a: Point,
  b: Point,
  ink = 1,
  radius = 1.15,
): void {
  const reach = radius + 1;
  const first = (low: number) => Math.max(0, Math.floor(low - reach));
  const last = (high: number) => Math.min(side - 1, Math.ceil(high + reach));
  for (let row = first(Math.min(a.y, b.y)); row <= last(Math.max(a.y, b.y)); row++) {
    for (let col = first(Math.min(a.x, b.x)); col <= last(Math.max(a.x, b.x)); col++) {
      const cover = Math.min(1, radius + 0.5 - distance({ x: col + 0.5, y: row + 0.5 }, a, b));
      const i = row * side + col;
      const old = values[i] ?? 0;
      if (cover > 0) values[i] = ink > 0 ? Math.max(old, cover * ink) : Math.min(old, 1 - cover);
    }
  }
}

interface Bounds {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

function boundsOf(values: Float32Array, side: number): Bounds | null {
  const found: Bounds = { left: side, top: side, right: -1, bottom: -1 };
  values.forEach((value, i) => {
    if (value <= 0.05) return;
    const [row, col] = [Math.floor(i / side), i % side];
    found.left = Math.min(found.left, col);
    found.right = Math.max(found.right, col);
    found.top = Math.min(found.top, row);
    found.bottom = Math.max(found.bottom, row);
  });
  return found.right < 0 ? null : found;
}

/** Centre of mass in cells. */
export function centreOf(values: Float32Array, side: number): Point | null {
  let [mass, x, y] = [0, 0, 0];
  values.forEach((value, i) => {
    mass += value;
    x += value * ((i % side) + 0.5);
    y += value * (Math.floor(i / side) + 0.5);
  });
  return mass === 0 ? null : { x: x / mass, y: y / mass };
}

/** The value at a point between cells, bilinearly; zero outside. */
function at(values: Float32Array, side: number, x: number, y: number): number {
  const [col, row] = [Math.floor(x - 0.5), Math.floor(y - 0.5)];
  const [fx, fy] = [x - 0.5 - col, y - 0.5 - row];
  const get = (r: number, c: number) =>
    r < 0 || c < 0 || r >= side || c >= side ? 0 : (values[r * side + c] ?? 0);
  const above = get(row, col) * (1 - fx) + get(row, col + 1) * fx;
  const below = get(row + 1, col) * (1 - fx) + get(row + 1, col + 1) * fx;
  return above * (1 - fy) + below * fy;
}

/** Scales by `factor` about `from`, which lands on `to`; four samples a cell and axis when it shrinks. */
function resample(
  values: Float32Array,
  side: number,
  factor: number,
  from: Point,
  to: Point,
): Float32Array {
  const out = new Float32Array(side * side);
  const n = factor < 1 ? 4 : 2;
  for (let i = 0; i < out.length; i++) {
    let sum = 0;
    for (let k = 0; k < n * n; k++) {
      const x = (i % side) + ((k % n) + 0.5) / n;
      const y = Math.floor(i / side) + (Math.floor(k / n) + 0.5) / n;
      sum += at(values, side, from.x + (x - to.x) / factor, from.y + (y - to.y) / factor);
    }
    out[i] = Math.min(1, sum / (n * n));
  }
  return out;
}

/**
 * As MNIST was made (LeCun et al., 1998): the drawing's bounding box is scaled to fit 20/28 of the side, its
 * shape kept, and its centre of mass put in the middle, to whole cells.
 */
export function centred(values: Float32Array, side: number): Float32Array {
  const bounds = boundsOf(values, side);
  if (!bounds) return values.slice();
  const size = Math.max(bounds.right - bounds.left, bounds.bottom - bounds.top) + 1;
  const factor = Math.min((side * 20) / 28 / size, 3);
  const middle = {
    x: (bounds.left + bounds.right + 1) / 2,
    y: (bounds.top + bounds.bottom + 1) / 2,
  };
  const home = { x: side / 2, y: side / 2 };
  const scaled = resample(values, side, factor, middle, home);
  const mass = centreOf(scaled, side);
  if (!mass) return scaled;
  const shift = { x: Math.round(home.x - mass.x), y: Math.round(home.y - mass.y) };
  const moved = new Float32Array(side * side);
  scaled.forEach((value, i) => {
    const col = (i % side) + shift.x;
    const row = Math.floor(i / side) + shift.y;
    if (col >= 0 && row >= 0 && col < side && row < side) moved[row * side + col] = value;
  });
  return moved;
}
