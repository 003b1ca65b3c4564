// The strip over time on a context that writes down where it was painted.
import { describe, expect, it } from 'vitest';
import { drawStrip, fitted } from './strip';
import type { Ink, Track } from './tracks';

type Painted = { colour: string; x: number; width: number; height: number };

function painted(tracks: readonly Track[], left: number) {
  const [rects, texts, ends]: [Painted[], string[], number[][]] = [[], [], []];
  const nothing = () => undefined;
  const context = {
    fillStyle: '',
    fillRect(this: { fillStyle: string }, x: number, _y: number, width: number, height: number) {
      rects.push({ colour: this.fillStyle, x, width, height });
    },
    fillText: (text: string) => texts.push(text),
    measureText: (text: string) => ({ width: 6 * text.length }),
    lineTo: (x: number, y: number) => ends.push([x, y]),
    ...Object.fromEntries(
      'clearRect save restore translate beginPath rect clip fill moveTo stroke'
        .split(' ')
        .map((name) => [name, nothing]),
    ),
  };
  const ink = { accent: 'accent', text: 'text', muted: 'muted' } as Ink;
  const sight = { left, cell: 20, width: 100, steps: 10, cursor: null };
  drawStrip(context as unknown as CanvasRenderingContext2D, tracks, sight, ink);
  return { rects: rects.filter((one) => one.colour === 'accent'), texts, ends };
}

const axis = (cuts: number[]): Track => ({ kind: 'axis', id: 'axis', height: 16, cuts });
const flow = (way: 1 | -1): Track => ({
  kind: 'flow',
  id: 'flow',
  values: new Float32Array(10).fill(1),
  range: { low: -1, high: 0 },
  way,
  height: 26,
});

describe('where truncation acts', () => {
  it('a cut stands at the first step too, dashed through every track', () => {
    const { rects } = painted([axis([0]), flow(1)], 0);
    expect(rects.length).toBe(2 + 4);
    expect(rects.every(({ x, width }) => x === 0 && width === 2)).toBe(true);
  });

  it('what flows back ends there in a bar, what flows on comes in with an arrow', () => {
    const high = (way: 1 | -1) => painted([axis([0]), flow(way)], 0);
    expect(high(-1).rects.filter(({ width }) => width === 5)).toHaveLength(1);
    expect(high(1).rects.filter(({ width }) => width === 5)).toHaveLength(0);
    expect(high(1).ends).toContainEqual([9, 16 + 13]);
  });

  it('a cut in the middle moves with the sight and leaves it', () => {
    expect(painted([axis([3])], 20).rects.map(({ x }) => x)).toEqual([40, 40]);
    expect(painted([axis([0])], 40).rects).toEqual([]);
    expect(painted([axis([])], 0).rects).toEqual([]);
  });
});

describe('words along the edge', () => {
  it('are those in sight, cut short where they do not fit', () => {
    const words = ['a', 'to', 'understand', '', 'b', 'c', 'd', 'e', 'f', 'g'];
    const { texts } = painted([{ kind: 'words', id: 'words', height: 24, words }], 0);
    expect(texts).toEqual(['a', 'to', 'un…', '', 'b']);
  });

  it('are squeezed a little before they are cut', () => {
    const wide = (text: string) => 10 * text.length;
    expect(fitted('abcdef', 50, wide)).toBe('abcdef');
    expect(fitted('abcdefg', 50, wide)).toBe('abcde…');
    expect(fitted('说', 1, wide)).toBe('说…');
  });
});
