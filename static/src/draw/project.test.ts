import { describe, expect, it } from 'vitest';
import { aligned, labelled } from './project';

const CLOUD = [
  { token: 1, x: 2, y: 0.5 },
  { token: 2, x: -1, y: 1 },
  { token: 3, x: 0.5, y: -2 },
  { token: 4, x: -1.5, y: 0.5 },
];
const before = Object.fromEntries(CLOUD.map((point) => [point.token, point]));

function moved(angle: number, mirror: number) {
  return CLOUD.map(({ token, x, y }) => ({
    token,
    x: Math.cos(angle) * x - Math.sin(angle) * mirror * y,
    y: Math.sin(angle) * x + Math.cos(angle) * mirror * y,
  }));
}

describe('aligned', () => {
  it.each([
    [0.7, 1],
    [-2.9, 1],
    [1.3, -1],
    [Math.PI, -1],
  ])('takes back a turn by %s and a mirror %s', (angle, mirror) => {
    for (const point of aligned(moved(angle, mirror), before)) {
      const old = before[point.token];
      expect(point.x).toBeCloseTo(old?.x ?? NaN, 9);
      expect(point.y).toBeCloseTo(old?.y ?? NaN, 9);
    }
  });

  it('keeps distances when the shape has changed, and points that were not there before', () => {
    const next = [...moved(0.4, -1), { token: 9, x: 3, y: 3 }].map((p) => ({ ...p, x: p.x * 1.2 }));
    const found = aligned(next, before);
    const far = (a: { x: number; y: number }, b: { x: number; y: number }) =>
      Math.hypot(a.x - b.x, a.y - b.y);
    next.forEach((point, i) => {
      const other = next[(i + 1) % next.length] ?? point;
      const [a, b] = [found[i], found[(i + 1) % next.length]];
      expect(far(a ?? point, b ?? other)).toBeCloseTo(far(point, other), 9);
    });
  });

  it('leaves points alone where there is nothing to lie on', () => {
    expect(aligned(CLOUD, {})).toEqual(CLOUD);
  });
});

describe('labelled', () => {
  it('never lets two labels meet and drops what finds no room', () => {
    const points = Array.from({ length: 60 }, (_, i) => ({
      x: 20 + ((i * 37) % 160),
      y: 20 + ((i * 53) % 160),
    }));
    const found = labelled(points, 200, 200, () => [40, 12]);
    const boxes = found.flatMap((one) => (one.box ? [one.box] : []));
    expect(boxes.length).toBeGreaterThan(15);
    expect(found[0]?.box).not.toBeNull();
    boxes.forEach((a, i) =>
      boxes.slice(i + 1).forEach((b) => {
        const apart =
          a.left + a.width <= b.left ||
          b.left + b.width <= a.left ||
          a.top + a.height <= b.top ||
          b.top + b.height <= a.top;
        expect(apart).toBe(true);
      }),
    );
    for (const box of boxes) {
      expect(box.left).toBeGreaterThanOrEqual(0);
      expect(box.left + box.width).toBeLessThanOrEqual(200);
    }
  });
});
