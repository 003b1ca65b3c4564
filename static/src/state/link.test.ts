// @vitest-environment node
import { describe, expect, it } from 'vitest';
import type { RunSpec } from '../protocol/types';
import { EMPTY } from './boot';
import { BrokenLink, LinkTooLong, LONGEST, linkOf, packedIn, unpack } from './link';

const spec: RunSpec = {
  ...EMPTY,
  name: '手写数字 “5” 🙂',
  seed: 2 ** 31 - 1,
  model: {
    version: 1,
    nodes: [
      { id: 'conv1', layer: { type: 'conv2d', filters: 6, kernel: 5 }, inputs: ['input'] },
      { id: 'add1', layer: { type: 'add' }, inputs: ['conv1', 'conv1'] },
    ],
    outputs: ['add1'],
  },
};

function large(count: number): RunSpec {
  let seed = 1;
  const noise = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  const nodes = Array.from({ length: count }, (_, i) => ({
    id: `n${i}`,
    layer: { type: 'leaky_relu', slope: noise(), other: noise() },
    inputs: [i ? `n${i - 1}` : 'input'],
  }));
  return { ...spec, model: { version: 1, nodes, outputs: [`n${count - 1}`] } };
}

describe('the link that contains a spec', () => {
  it('gives back exactly what was put in', async () => {
    const fragment = await linkOf(spec);
    expect(fragment).toMatch(/^#spec=[A-Za-z0-9_-]+$/);
    const packed = packedIn(`https://lab.example/en/${fragment}`);
    expect(await unpack(packed ?? '')).toEqual(spec);
  });

  it('is short for a network of usual size, and refuses one that is too long for an address', async () => {
    expect((await linkOf(large(40))).length).toBeLessThan(LONGEST);
    await expect(linkOf(large(250))).rejects.toBeInstanceOf(LinkTooLong);
  });

  it('finds nothing where there is nothing', () => {
    expect(packedIn('https://lab.example/en/')).toBeNull();
    expect(packedIn('#run=abc')).toBeNull();
  });

  it.each(['', '!!!', 'AAAA', 'Zm9v', 'a'.repeat(LONGEST + 1)])(
    'refuses “%.9s”',
    async (packed) => {
      await expect(unpack(packed)).rejects.toBeInstanceOf(BrokenLink);
    },
  );

  it('refuses what unfolds to more than a spec can be', async () => {
    const zeros = new Blob([new Uint8Array(1 << 22)]).stream();
    const stream = zeros.pipeThrough(new CompressionStream('deflate-raw'));
    const bytes = Buffer.from(await new Response(stream).arrayBuffer());
    await expect(unpack(bytes.toString('base64url'))).rejects.toBeInstanceOf(BrokenLink);
  });

  it('refuses what was cut off on the way', async () => {
    const packed = packedIn(await linkOf(spec)) ?? '';
    await expect(unpack(packed.slice(0, -6))).rejects.toBeInstanceOf(BrokenLink);
  });
});
