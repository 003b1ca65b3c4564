import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Frame, FrameError, decode } from './frames';

interface Given {
  name: string;
  dtype: string;
  shape: number[];
  bytes: Uint8Array;
}

/** A safetensors file written by hand: length, header, bytes. */
function file(tensors: Given[], metadata: Record<string, string> = {}, pad = true): ArrayBuffer {
  let at = 0;
  const header: Record<string, unknown> = { __metadata__: metadata };
  for (const { name, dtype, shape, bytes } of tensors) {
    header[name] = { dtype, shape, data_offsets: [at, at + bytes.length] };
    at += bytes.length;
  }
  let text = new TextEncoder().encode(JSON.stringify(header));
  if (pad)
    text = new TextEncoder().encode(JSON.stringify(header).padEnd(Math.ceil(text.length / 8) * 8));
  const whole = new Uint8Array(8 + text.length + at);
  new DataView(whole.buffer).setBigUint64(0, BigInt(text.length), true);
  whole.set(text, 8);
  at = 8 + text.length;
  for (const { bytes } of tensors) {
    whole.set(bytes, at);
    at += bytes.length;
  }
  return whole.buffer;
}

function floats(...values: number[]): Uint8Array {
  return new Uint8Array(Float32Array.from(values).buffer);
}

const QUANTISED: Given[] = [
  { name: 'conv1.activation.scale', dtype: 'F32', shape: [2], bytes: floats(0.5, 2) },
  { name: 'conv1.activation.zero', dtype: 'F32', shape: [2], bytes: floats(-1, 10) },
  {
    name: 'conv1.activation',
    dtype: 'U8',
    shape: [2, 2, 2],
    bytes: Uint8Array.of(2, 4, 254, 0, 1, 255, 2, 3),
  },
];

describe('a frame', () => {
  it('gives quantised maps their values, the codes for what is not finite included', () => {
    const frame = new Frame(file(QUANTISED, { step: '412', tap: '0' }));
    const maps = frame.maps('conv1.activation');
    expect(maps).toMatchObject({ count: 2, height: 2, width: 2 });
    const values = [0, 1].map((map) => [0, 1, 2, 3].map((cell) => maps?.value(map, cell)));
    expect(values).toEqual([
      [-1, 0, 125, NaN],
      [-Infinity, Infinity, 10, 12],
    ]);
    expect(maps?.uncertainty(1)).toBe(1);
    expect(frame.number('step')).toBe(412);
    expect(frame.number('epoch')).toBeNull();
  });

  it('looks into the received bytes and copies nothing that is aligned', () => {
    const buffer = file(QUANTISED);
    const frame = new Frame(buffer);
    expect(frame.tensor('conv1.activation')?.data.buffer).toBe(buffer);
    expect(frame.tensor('conv1.activation.scale')?.data.buffer).toBe(buffer);
    expect(frame.maps('conv1.activation')).toBe(frame.maps('conv1.activation'));
  });

  it('reads floats at any offset, vectors as one map, and integers as numbers', () => {
    const frame = new Frame(
      file(
        [
          { name: 'odd', dtype: 'U8', shape: [1], bytes: Uint8Array.of(7) },
          { name: 'fc1.activation', dtype: 'F32', shape: [3], bytes: floats(1, -2, 3) },
          {
            name: 'targets',
            dtype: 'I64',
            shape: [2],
            bytes: new Uint8Array(BigInt64Array.of(9n, -1n).buffer),
          },
        ],
        {},
        false,
      ),
    );
    const maps = frame.maps('fc1.activation');
    expect(maps).toMatchObject({ count: 1, height: 1, width: 3 });
    expect(maps?.value(0, 1)).toBe(-2);
    expect(maps?.uncertainty(0)).toBe(0);
    expect(frame.numbers('targets')).toEqual([9, -1]);
    expect(frame.maps('nothing')).toBeNull();
  });

  it('reads kernels as one map a filter', () => {
    const bytes = Uint8Array.from({ length: 2 * 3 * 4 }, (_, i) => i + 2);
    const frame = new Frame(file([{ name: 'c.kernel', dtype: 'U8', shape: [2, 3, 2, 2], bytes }]));
    expect(frame.maps('c.kernel')).toMatchObject({ count: 2, height: 6, width: 2 });
  });

  it('refuses what is cut off or of an unknown type', () => {
    const whole = file(QUANTISED);
    expect(() => new Frame(whole.slice(0, 4))).toThrow(FrameError);
    expect(() => new Frame(whole.slice(0, 40))).toThrow(FrameError);
    expect(() => new Frame(whole.slice(0, whole.byteLength - 1))).toThrow(FrameError);
    const strange = { name: 'x', dtype: 'F8', shape: [1], bytes: Uint8Array.of(1) };
    expect(() => new Frame(file([strange]))).toThrow(/F8/);
  });
});

it('decodes the first and the last finite code', () => {
  expect(decode(2, 0.1, -3)).toBe(-3);
  expect(decode(254, 1, 0)).toBe(252);
});

it('reads the frame that the page opens with, as the server wrote it', () => {
  const file = readFileSync('static/public/recorded/lenet5.safetensors');
  const frame = new Frame(file.buffer.slice(file.byteOffset, file.byteOffset + file.length));
  expect(frame.metadata).toMatchObject({ recorded: 'true' });
  expect(frame.maps('input.activation')).toMatchObject({ count: 1, height: 28, width: 28 });
  expect(frame.maps('conv1.activation')).toMatchObject({ count: 6, height: 28, width: 28 });
  expect(frame.maps('conv2.kernel')).toMatchObject({ count: 16, height: 30, width: 5 });
  const shares = frame.numbers('output.probabilities') ?? [];
  expect(shares).toHaveLength(10);
  expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
});
