// Points of a plane over a decision map. The plane is [-6, 6]²; rows run from y = +6 down.
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
