// Which maps a unit of a convolution reads and where its kernels lie: whole, in groups or by a table.
import { kernelTiles, tilesOf, valueAt, type MapData, type Tiles } from '../draw/maps';
import type { PartValue } from '../protocol/types';
import type { Maps } from '../protocol/frames';

export interface Kernels {
  readonly tiles: Tiles | null;
  /** Maps that are read, each with the tile of its kernel. */
  readonly reads: readonly { readonly input: number; readonly tile: number }[];
}

const MOST = 16;

/** The kernels of output map `index` of `count`, over `inputs` maps; at most 16. */
export function kernelsOf(
  layer: PartValue,
  kernel: Maps | null,
  inputs: number,
  count: number,
  index: number,
): Kernels {
  const table = Array.isArray(layer['table']) ? (layer['table'] as number[][]) : null;
  if (table) {
    const first = table.slice(0, index).reduce((sum, row) => sum + row.length, 0);
    const reads = (table[index] ?? []).map((input, i) => ({ input, tile: first + i }));
    return { tiles: kernel && tilesOf(kernel), reads: reads.slice(0, MOST) };
  }
  const groups = Math.max(1, Number(layer['groups'] ?? 1) || 1);
  const each = Math.max(1, Math.round(inputs / groups));
  const first = Math.floor(index / Math.max(1, count / groups)) * each;
  const reads = Array.from({ length: Math.min(each, MOST) }, (_, i) => ({
    input: first + i,
    tile: index * each + i,
  }));
  return { tiles: kernel && kernelTiles(kernel, each), reads };
}

/** Tiles with their cells turned by 180°. */
export function turned(tiles: Tiles): Tiles {
  const size = tiles.width * tiles.height;
  const values = new Float64Array(tiles.count * size);
  for (let tile = 0; tile < tiles.count; tile++) {
    for (let i = 0; i < size; i++) {
      const map = Math.floor(tile / tiles.perMap);
      const from = (tile % tiles.perMap) * size;
      values[tile * size + size - 1 - i] = valueAt(tiles.data, map, from + i);
    }
  }
  return ofValues(values, tiles.count, tiles.height, tiles.width);
}

export function ofValues(
  values: Float64Array,
  count: number,
  height: number,
  width: number,
): Tiles {
  const data: MapData = { count, height, width, codes: null, values, scale: [], zero: [] };
  return { data, count, height, width, perMap: 1 };
}
