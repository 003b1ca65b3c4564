// Tensors of two axes as one picture: time from left to right, units from bottom to top. Pure numbers.
import { valueAt, type MapData } from './maps';

/** (steps, units), as recurrent layers have it, or (channels, steps): one map, the first unit at the bottom. */
export function overTime(data: MapData, timeFirst: boolean): MapData {
  const [steps, units] = timeFirst ? [data.count, data.width] : [data.width, data.count];
  const values = new Float32Array(steps * units);
  for (let unit = 0; unit < units; unit++) {
    const row = (units - 1 - unit) * steps;
    for (let step = 0; step < steps; step++) {
      values[row + step] = timeFirst ? valueAt(data, step, unit) : valueAt(data, unit, step);
    }
  }
  return { count: 1, height: units, width: steps, codes: null, values, scale: [], zero: [] };
}
