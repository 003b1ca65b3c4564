import { describe, expect, it } from 'vitest';
import { patched } from './patch';

const spec = {
  model: {
    nodes: [
      { id: 'a', inputs: ['input'] },
      { id: 'b', inputs: ['a'] },
    ],
  },
};

describe('a patch', () => {
  it('inserts a layer before another, as the checker proposes', () => {
    const next = patched(spec, [
      { op: 'replace', path: '/model/nodes/1/inputs/0', value: 'f' },
      { op: 'add', path: '/model/nodes/1', value: { id: 'f', inputs: ['a'] } },
    ]);
    expect(next.model.nodes.map((node) => [node.id, ...node.inputs])).toEqual([
      ['a', 'input'],
      ['f', 'a'],
      ['b', 'f'],
    ]);
  });

  it('leaves its argument alone', () => {
    const before = JSON.stringify(spec);
    patched(spec, [{ op: 'remove', path: '/model/nodes/0' }]);
    expect(JSON.stringify(spec)).toBe(before);
  });

  it.each([
    [
      { op: 'add', path: '/list/-', value: 3 },
      { list: [1, 2, 3], 'a/b': 0 },
    ],
    [
      { op: 'add', path: '/new', value: null },
      { list: [1, 2], 'a/b': 0, new: null },
    ],
    [
      { op: 'replace', path: '/a~1b', value: 7 },
      { list: [1, 2], 'a/b': 7 },
    ],
    [
      { op: 'remove', path: '/list/0' },
      { list: [2], 'a/b': 0 },
    ],
    [
      { op: 'move', from: '/list/0', path: '/list/1' },
      { list: [2, 1], 'a/b': 0 },
    ],
    [
      { op: 'copy', from: '/list', path: '/a~1b' },
      { list: [1, 2], 'a/b': [1, 2] },
    ],
    [
      { op: 'test', path: '/list/1', value: 2 },
      { list: [1, 2], 'a/b': 0 },
    ],
  ] as const)('does %j', (operation, expected) => {
    expect(patched<unknown>({ list: [1, 2], 'a/b': 0 }, [operation])).toEqual(expected);
  });

  it('stops where a test fails or the whole document is meant', () => {
    expect(() => patched({ a: 1 }, [{ op: 'test', path: '/a', value: 2 }])).toThrow(RangeError);
    expect(() => patched({ a: 1 }, [{ op: 'replace', path: '', value: 2 }])).toThrow(RangeError);
  });
});
