// The small pure rules behind the controls: marks, search, bars, calls, sparklines, places.
import { describe, expect, it } from 'vitest';
import { asCurl, asLiteral, asPython } from './call';
import { placed } from './floating';
import { decadesOf, healthOf, heightOf } from './gradient';
import { marksOf, neighbour, snapped, type Tick } from './marks';
import { moved } from './roving';
import { findParts, grouped, type PalettePart } from './search';
import { sparkPath } from './spark';
import { barOf, verdictOf } from './verdict';

describe('marks of the timeline', () => {
  const ticks: Tick[] = [
    { step: 0, kind: 'snapshot', label: '' },
    { step: 100, kind: 'command', label: 'η 0.05' },
    { step: 104, kind: 'command', label: 'branch 2' },
    { step: 400, kind: 'snapshot', label: '' },
  ];

  it('show labels that do not run into one another, the newest first', () => {
    const labelled = marksOf(ticks, 400, 400).filter((mark) => mark.place);
    expect(labelled.map((mark) => mark.label)).toEqual(['branch 2']);
    expect(marksOf(ticks, 400, 20_000).filter((mark) => mark.place)).toHaveLength(2);
  });

  it('are thinned to what a screen can show', () => {
    const many = Array.from({ length: 10_000 }, (_, step): Tick => ({
      step,
      kind: 'snapshot',
      label: '',
    }));
    expect(marksOf(many, 10_000, 500).length).toBeLessThanOrEqual(251);
  });

  it('are stepped through, and pull a drag', () => {
    expect(neighbour(ticks, 100, 1, 400)).toBe(104);
    expect(neighbour(ticks, 100, -1, 400)).toBe(0);
    expect(neighbour(ticks, 400, 1, 400)).toBe(400);
    expect(snapped(98, ticks, 400, 400)).toBe(100);
    expect(snapped(200, ticks, 400, 400)).toBe(200);
  });
});

describe('the search', () => {
  const part = (
    type: string,
    en: string,
    zh: string,
    group: string,
    aliases: string[],
  ): PalettePart => ({
    type,
    title: { en, zh },
    summary: { en: `About ${en}.`, zh: `关于${zh}。` },
    group: { en: group, zh: group },
    aliases,
  });
  const parts = [
    part('conv2d', 'Conv2d', '卷积', 'Convolution', ['kernel']),
    part('max_pool2d', 'Max pool', '最大池化', 'Pooling', ['下采样']),
    part('dense', 'Dense', '全连接', 'Dense', ['fully connected']),
  ];
  const types = (query: string) => findParts(parts, query).map(({ type }) => type);

  it.each([
    ['conv', ['conv2d']],
    ['卷积', ['conv2d']],
    ['MAX-POOL', ['max_pool2d']],
    ['下采样', ['max_pool2d']],
    ['Fully Connected', ['dense']],
    ['nothing like it', []],
    ['', ['conv2d', 'max_pool2d', 'dense']],
  ])('“%s” finds %j', (query, found) => expect(types(query)).toEqual(found));

  it('keeps the order of the groups', () => {
    expect(grouped(parts).map((group) => group.title.en)).toEqual([
      'Convolution',
      'Pooling',
      'Dense',
    ]);
  });
});

describe('gradient bars', () => {
  it('tell no gradient from a zero one', () => {
    const states = [null, 0, NaN, 1e-6, 0.1, 50].map((value) => healthOf(value, 1e-4, 10));
    expect(states).toEqual(['none', 'zero', 'broken', 'low', 'ok', 'high']);
  });

  it('rise by equal amounts for equal factors', () => {
    const decades = decadesOf([{ id: 'a', value: 1e-6 }], 1e-4, 10);
    expect(decades).toEqual([-7, 2]);
    const gap = heightOf(0.1, decades) - heightOf(0.01, decades);
    expect(heightOf(1, decades) - heightOf(0.1, decades)).toBeCloseTo(gap, 12);
    expect(heightOf(0, decades)).toBe(0);
  });
});

describe('a verdict', () => {
  it('is right, wrong, unsaid, broken or empty', () => {
    expect(verdictOf([0.1, 0.9], 1)).toEqual({ top: 1, state: 'right' });
    expect(verdictOf([0.1, 0.9], 0)).toEqual({ top: 1, state: 'wrong' });
    expect(verdictOf([0.1, 0.9], null)).toEqual({ top: 1, state: 'says' });
    expect(verdictOf([NaN, 1], 1)).toEqual({ top: -1, state: 'broken' });
    expect(verdictOf([], 1).state).toBe('empty');
  });

  it('has bars that grow from zero, to the left for what is negative', () => {
    expect(barOf(-0.5, -1, 1)).toEqual({ start: 0.25, width: 0.25 });
    expect(barOf(0.5, -1, 1)).toEqual({ start: 0.5, width: 0.25 });
  });
});

describe('a call', () => {
  const call = {
    method: 'POST',
    path: '/api/v1/runs',
    body: { name: "it's", on: true, none: null },
  };

  it('as curl survives a quote', () => {
    expect(asCurl(call, 'http://h')).toBe(
      `curl 'http://h/api/v1/runs' -H 'Content-Type: application/json' -d '{"name":"it'\\''s","on":true,"none":null}'`,
    );
    expect(asCurl({ method: 'DELETE', path: '/x' }, 'http://h')).toBe(
      `curl -X DELETE 'http://h/x'`,
    );
  });

  it('as Python has its literals', () => {
    expect(asPython(call, 'http://h')).toContain(
      `requests.post("http://h/api/v1/runs", json={"name": "it's", "on": True, "none": None})`,
    );
    expect(asLiteral([1, [], {}])).toBe('[1, [], {}]');
    expect(asLiteral({ layers: Array(30).fill(1000) })).toMatch(/^\{\n {4}"layers": \[\n/);
    expect(asLiteral([NaN, -Infinity, 1e21])).toBe('[None, None, 1e+21]');
  });

  const hostile = [
    `"""+__import__("os").system("x")+"""`,
    `'; rm -rf ~; echo '`,
    '$(x) `x` !x',
    'a\\',
    'a\nb\r\u0000\u001b[2J',
    '\u2028\u2029\u202e\u2066\ufeff',
    '\ud800',
    '\u{e0041}',
  ];

  it.each(hostile)('shows all of %j on one line and means it', (text) => {
    const wanted = { method: 'POST', path: '/x', body: { [text]: text } };
    const seen = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]*$/u;
    const curl = asCurl(wanted, 'http://h');
    expect(curl).toMatch(seen);
    const given = /-d '(.*)'$/s.exec(curl)?.[1]?.replaceAll("'\\''", "'") ?? '';
    expect(JSON.parse(given)).toEqual(wanted.body);
    const python = asLiteral(text);
    expect(python).toMatch(seen);
    const utf16 = python.replace(/\\U([0-9a-f]{8})/g, (_, code: string) =>
      String.fromCodePoint(parseInt(code, 16)),
    );
    expect(JSON.parse(utf16)).toBe(text);
  });
});

it('draws a sparkline with a gap where a value is not finite', () => {
  expect(sparkPath([0, 1, NaN, 0], 33, 13)).toBe('M1.5 11.5L11.5 1.5M31.5 11.5');
  expect(sparkPath([], 40, 10)).toBe('');
});

it('places a menu inside the window, above its button where there is no room below', () => {
  const [size, view] = [
    { width: 100, height: 200 },
    { width: 400, height: 400 },
  ];
  expect(placed({ left: 380, top: 10, width: 20, height: 20 }, size, view).left).toBe(292);
  expect(placed({ left: 10, top: 350, width: 20, height: 20 }, size, view).top).toBe(146);
});

it('moves in a grid by rows and columns and stays in it', () => {
  expect(moved('ArrowDown', 1, 12, 'grid', 6)).toBe(7);
  expect(moved('ArrowDown', 8, 12, 'grid', 6)).toBe(8);
  expect(moved('End', 1, 12, 'grid', 6)).toBe(11);
  expect(moved('ArrowLeft', 1, 3)).toBeUndefined();
});
