// Points of a plane over a decision map. The plane is [-6, 6]²; rows run from y = +6 down.
import { colour, type Theme } from './palette';

export const PLANE = 6;

export interface Points {
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  /** Signed: −1 or +1 for two classes, the value for regression. */
  readonly value: ArrayLike<number>;
}

export function toPixel(value: number, size: number): number {
  return ((value + PLANE) / (2 * PLANE)) * size;
}

export function toPlane(pixel: number, size: number): number {
  return (pixel / size) * 2 * PLANE - PLANE;
}

/** Draw points as ringed discs; those of the validation set are hollow. */
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
    const ink = colour(points.value[i] ?? 0, 1, theme === 'dark' ? 'dark' : 'light');
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fillStyle = hollow ? paper : ink;
    context.fill();
    context.lineWidth = radius * (hollow ? 0.7 : 0.35);
    context.strokeStyle = hollow ? ink : paper;
    context.stroke();
  }
}
