// Points of a plane over a decision map. The plane is [-6, 6]²; rows run from y = +6 down.
import { valueAt, type MapData } from './maps';
import { colour, type Theme } from './palette';

export const PLANE = 6;

export interface Points {
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  /** Signed: −1 or +1 for two classes, the value for regression. */
  readonly value: ArrayLike<number>;
  /** The colour of each point, where it is no sign. */
  readonly ink?: (index: number) => string;
}

export function toPixel(value: number, size: number): number {
  return ((value + PLANE) / (2 * PLANE)) * size;
}

export function toPlane(pixel: number, size: number): number {
  return (pixel / size) * 2 * PLANE - PLANE;
}

/**
 * Where a map of the plane takes each point: a line to a small disc. `moves` holds the two coordinates of the
 * image of every cell of the plane, rows from y = +6 down.
 */
export function drawMoves(
  context: CanvasRenderingContext2D,
  points: Points,
  moves: MapData,
  size: number,
  radius: number,
  theme: Theme,
): void {
  context.lineWidth = radius * 0.5;
  context.strokeStyle = context.fillStyle = theme === 'dark' ? '#e6edf3' : '#1f2328';
  for (let i = 0; i < points.x.length; i++) {
    const [x, y] = [points.x[i] ?? 0, points.y[i] ?? 0];
    const cell = cellOf(x, y, moves);
    const to = [toPixel(valueAt(moves, 0, cell), size), toPixel(-valueAt(moves, 1, cell), size)];
    context.beginPath();
    context.globalAlpha = 0.3;
    context.moveTo(toPixel(x, size), toPixel(-y, size));
    context.lineTo(to[0] ?? 0, to[1] ?? 0);
    context.stroke();
    context.beginPath();
    context.globalAlpha = 1;
    context.arc(to[0] ?? 0, to[1] ?? 0, radius, 0, 2 * Math.PI);
    context.fill();
  }
}

/** The cell of the plane's grid that a point lies in; the nearest one for a point outside. */
export function cellOf(x: number, y: number, grid: { height: number; width: number }): number {
  const place = (value: number, cells: number) =>
    Math.min(Math.max(Math.floor(toPixel(value, cells)), 0), cells - 1);
  return place(-y, grid.height) * grid.width + place(x, grid.width);
}

/** Draw points as ringed discs; hollow ones, for the validation set, as thin rings. */
export function drawPoints(
  context: CanvasRenderingContext2D,
  points: Points,
  size: number,
  radius: number,
  theme: Theme,
  hollow = false,
): void {
  const paper = theme === 'dark' ? '#0d1117' : '#ffffff';
  for (let i = 0; i < points.x.length; i++) {
    const x = toPixel(points.x[i] ?? 0, size);
    const y = toPixel(-(points.y[i] ?? 0), size);
    const ink = points.ink?.(i) ?? colour(points.value[i] ?? 0, 1, theme);
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.lineWidth = radius * (hollow ? 0.9 : 0.5);
    context.strokeStyle = paper;
    context.stroke();
    if (hollow) {
      context.lineWidth = radius * 0.45;
      context.strokeStyle = ink;
      context.stroke();
    } else {
      context.fillStyle = ink;
      context.fill();
    }
  }
}
