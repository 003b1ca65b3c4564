// The output of a network over the plane, as one signed map whatever the network ends in.
import type { MapData } from './maps';

function value(data: MapData, map: number, index: number): number {
  const at = map * data.height * data.width + index;
  if (data.values) return data.values[at] ?? NaN;
  const code = data.codes?.[at] ?? 0;
  if (code === 0) return NaN;
  if (code === 1) return -Infinity;
  if (code === 255) return Infinity;
  return (data.zero[map] ?? 0) + (code - 2) * (data.scale[map] ?? 0);
}

const sigmoid = (u: number): number => (1 + Math.tanh(u / 2)) / 2;

/**
 * One map in −1…1: a single output as it is (clipped), or how sure its sigmoid is; two class scores as their
 * difference, through the softmax or the sigmoids where the loss has them. Null for more outputs, where no
 * single map says it.
 */
export function decision(data: MapData, readout: 'softmax' | 'sigmoid' | 'raw'): MapData | null {
  if (data.count > 2) return null;
  const size = data.height * data.width;
  const values = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    const first = value(data, 0, i);
    const second = data.count === 1 ? 0 : value(data, 1, i);
    if (data.count === 1) values[i] = readout === 'sigmoid' ? Math.tanh(first / 2) : first;
    else if (readout === 'softmax') values[i] = Math.tanh((second - first) / 2);
    else if (readout === 'sigmoid') values[i] = sigmoid(second) - sigmoid(first);
    else values[i] = second - first;
  }
  return {
    count: 1,
    height: data.height,
    width: data.width,
    codes: null,
    values,
    scale: [],
    zero: [],
  };
}
