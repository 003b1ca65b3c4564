// The output of a network over the plane, as one signed map whatever the network ends in.
import { valueAt, type MapData } from './maps';

/** What the loss takes an output for: shares that sum to one, a share each, or the number itself. */
export type Readout = 'softmax' | 'sigmoid' | 'raw';

/**
 * One map in −1…1: a single output as it is (clipped); two class scores as their difference, through the
 * softmax or the sigmoid where the loss has one. Null for more outputs, where no single map says it.
 */
export function decision(data: MapData, readout: Readout): MapData | null {
  if (data.count > 2) return null;
  const size = data.height * data.width;
  const values = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    const first = valueAt(data, 0, i);
    if (data.count === 1) values[i] = readout === 'sigmoid' ? Math.tanh(first / 2) : first;
    else if (readout === 'softmax') values[i] = Math.tanh((valueAt(data, 1, i) - first) / 2);
    else if (readout === 'sigmoid')
      values[i] = (Math.tanh(valueAt(data, 1, i) / 2) - Math.tanh(first / 2)) / 2;
    else values[i] = valueAt(data, 1, i) - first;
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
