// The drawing of graphs: no card over another, no wire through a card, chains in one line.
import { describe, expect, it } from 'vitest';
import { crossings, layered, type Wire } from './layers';
import { placed, type Drawing } from './places';
import { apart } from './rows';

const SPACING = { straight: 18, bent: 46, lane: 14, corridor: 18, port: 16 };

function drawn(ids: string[], wires: Wire[], heights: Record<string, number> = {}): Drawing {
  const sizes = new Map(ids.map((id) => [id, { width: 80, height: heights[id] ?? 120 }]));
  return placed(layered(ids, wires), wires, sizes, SPACING);
}

function wires(text: string): Wire[] {
  return text.split(' ').map((one) => {
    const [from = '', to = ''] = one.split('>');
    return { from, to };
  });
}

/** Points of a path, curves sampled. */
function along(path: string): [number, number][] {
  const points: [number, number][] = [];
  for (const [, kind, numbers = ''] of path.matchAll(/([MLC])([^MLC]*)/g)) {
    const n = numbers.split(/[ ,]+/).filter(Boolean).map(Number);
    const start = points.at(-1) ?? [0, 0];
    if (kind === 'C') {
      const [ax = 0, ay = 0, bx = 0, by = 0, cx = 0, cy = 0] = n;
      for (let t = 0.05; t <= 1.0001; t += 0.05) {
        const s = 1 - t;
        const mix = (p: number, a: number, b: number, c: number) =>
          s ** 3 * p + 3 * s * s * t * a + 3 * s * t * t * b + t ** 3 * c;
        points.push([mix(start[0], ax, bx, cx), mix(start[1], ay, by, cy)]);
      }
    } else {
      const [x = 0, y = 0] = n;
      for (let t = 0.05; t <= 1.0001 && kind === 'L'; t += 0.05) {
        points.push([start[0] + t * (x - start[0]), start[1] + t * (y - start[1])]);
      }
      if (kind === 'M') points.push([x, y]);
    }
  }
  return points;
}

function sound(drawing: Drawing): void {
  const boxes = [...drawing.boxes];
  boxes.forEach(([a, one], i) => {
    expect(one.x).toBeGreaterThanOrEqual(0);
    expect(one.y).toBeGreaterThanOrEqual(-1e-6);
    expect(one.y + one.height).toBeLessThanOrEqual(drawing.height + 1e-6);
    for (const [b, other] of boxes.slice(i + 1)) {
      const apartX = one.x + one.width <= other.x || other.x + other.width <= one.x;
      const apartY = one.y + one.height <= other.y || other.y + other.height <= one.y;
      if (!apartX && !apartY) expect.fail(`${a} over ${b}`);
    }
  });
  for (const way of drawing.ways) {
    if (way.back) continue;
    for (const [x, y] of along(way.path)) {
      for (const [id, box] of boxes) {
        const inside =
          x > box.x + 1 && x < box.x + box.width - 1 && y > box.y + 1 && y < box.y + box.height - 1;
        if (inside) expect.fail(`${way.from}>${way.to} through ${id}`);
      }
    }
  }
}

describe('the drawing of a network', () => {
  it('puts a chain into one line, cards in the middle', () => {
    const ids = ['input', 'conv1', 'pool1', 'fc1'];
    const drawing = drawn(ids, wires('input>conv1 conv1>pool1 pool1>fc1'), { conv1: 300 });
    expect(new Set([...drawing.boxes.values()].map((box) => box.y + box.height / 2)).size).toBe(1);
    expect(drawing.width).toBe(4 * 80 + 3 * SPACING.straight);
    expect(drawing.ways.map((way) => way.path)).toContain('M80,150 L98,150');
    sound(drawing);
  });

  it('leads a skip connection around the cards it skips, which stay in line', () => {
    const ids = ['input', 'conv1', 'conv2', 'add1', 'fc1'];
    const drawing = drawn(ids, wires('input>conv1 conv1>conv2 conv2>add1 input>add1 add1>fc1'));
    const middle = (id: string) => {
      const box = drawing.boxes.get(id);
      return box ? box.y + box.height / 2 : NaN;
    };
    expect(middle('conv1')).toBeCloseTo(middle('conv2'), 3);
    const skip = drawing.ways.find((way) => way.from === 'input' && way.to === 'add1');
    expect(skip?.badge).not.toBeNull();
    expect(skip?.input).toBe(1);
    sound(drawing);
  });

  it('stacks the branches of an inception cell', () => {
    const ids = ['input', 'a', 'b1', 'b2', 'c1', 'c2', 'p', 'd', 'cat', 'out'];
    const drawing = drawn(
      ids,
      wires('input>a input>b1 b1>b2 input>c1 c1>c2 input>p p>d a>cat b2>cat c2>cat d>cat cat>out'),
    );
    const column = ['a', 'b1', 'c1', 'p'].map((id) => drawing.boxes.get(id));
    expect(new Set(column.map((box) => box?.x)).size).toBe(1);
    expect(new Set(column.map((box) => box?.y)).size).toBe(4);
    sound(drawing);
  });

  it('has few crossings and no overlap in dense and random graphs', () => {
    let seed = 1;
    const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
    for (let round = 0; round < 40; round++) {
      const ids = ['input', ...Array.from({ length: 14 }, (_, i) => `n${i}`)];
      const found: Wire[] = [];
      ids.forEach((to, i) => {
        for (let k = 0; i > 0 && k < 1 + Math.floor(random() * 2); k++) {
          const from = ids[Math.floor(random() * i)] ?? 'input';
          if (!found.some((one) => one.from === from && one.to === to)) found.push({ from, to });
        }
      });
      sound(drawn(ids, found, { n3: 40, n5: 260 }));
    }
  });

  it('keeps a part that nothing is wired to, and shows a loop as a way back', () => {
    const drawing = drawn(['input', 'a', 'b', 'loose'], wires('input>a a>b b>a'));
    expect(drawing.boxes.has('loose')).toBe(true);
    expect(drawing.ways.filter((way) => way.back).map((way) => way.to)).toEqual(['a']);
    sound(drawing);
  });

  it('draws two hundred layers in well under a frame of a slow film', () => {
    const ids = ['input', ...Array.from({ length: 200 }, (_, i) => `n${i}`)];
    const chain = ids.slice(1).map((to, i) => ({ from: ids[i] ?? '', to }));
    const skips = ids.slice(4).flatMap((to, i) => (i % 3 ? [] : [{ from: ids[i] ?? '', to }]));
    expect(drawn(ids, [...chain, ...skips]).boxes.size).toBe(201);
  });

  it('unties wires that cross', () => {
    const layers = layered(['i', 'a', 'b', 'c', 'd'], wires('i>a i>b a>d b>c'));
    expect(crossings(layers.columns, layers.joints)).toBe(0);
  });

  it('moves what overlaps apart by the least squares, the light more than the heavy', () => {
    const two = (a: number, b: number, weight = 1) =>
      [
        [a, 10, weight],
        [b, 10, 1],
      ] as const;
    expect(apart(two(10, 12), 0)).toEqual([6, 16]);
    expect(apart(two(0, 50), 5)).toEqual([0, 50]);
    expect(apart(two(10, 10, 9), 0)).toEqual([9, 19]);
  });
});
