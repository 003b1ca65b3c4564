// What a reconstruction misses: output minus input, and the same over the plane. Pure.
import { valueAt, type MapData } from './maps';

/** Output minus input, cell by cell, in float; null where they are not of one shape. */
export function difference(output: MapData, input: MapData): MapData | null {
  const same =
    output.count === input.count && output.height === input.height && output.width === input.width;
  if (!same) return null;
  const size = output.height * output.width;
  const values = new Float32Array(output.count * size);
  for (let map = 0; map < output.count; map++) {
    for (let i = 0; i < size; i++) {
      values[map * size + i] = valueAt(output, map, i) - valueAt(input, map, i);
    }
  }
  return { ...bare(output), values };
}

/** The sigmoid of every value: what a loss with the sigmoid inside takes the output for. */
export function squashed(output: MapData): MapData {
  const size = output.height * output.width;
  const values = new Float32Array(output.count * size);
  for (let i = 0; i < values.length; i++) {
    values[i] = 1 / (1 + Math.exp(-valueAt(output, Math.floor(i / size), i % size)));
  }
  return { ...bare(output), values };
}

function bare(data: MapData): MapData {
  const { count, height, width } = data;
  return { count, height, width, codes: null, values: null, scale: [], zero: [] };
}

/** Distance at which the colour of {@link distances} is full. */
export const FAR = 3;

/**
 * How far the network moves every point of the plane, from −1 (not at all) to 1 (FAR or more). `moves` holds the
 * two coordinates that each cell of −extent…extent goes to, rows from the top.
 */
export function distances(moves: MapData, extent: number): MapData | null {
  if (moves.count !== 2) return null;
  const { height, width } = moves;
  const values = new Float32Array(height * width);
  for (let i = 0; i < values.length; i++) {
    const x = (((i % width) + 0.5) / width) * 2 * extent - extent;
    const y = extent - ((Math.floor(i / width) + 0.5) / height) * 2 * extent;
    const far = Math.hypot(valueAt(moves, 0, i) - x, valueAt(moves, 1, i) - y);
    values[i] = 2 * Math.min(1, far / FAR) - 1;
  }
  return { count: 1, height, width, codes: null, values, scale: [], zero: [] };
}
