// Maps of numbers as pixels: tiles of a tensor, quantised or not, through a table of colours onto a canvas.
import { LEVELS, NAN_LEVEL, level } from './palette';

/** Numbers as frames have them: `count` maps of `height` × `width`, as 8-bit codes or as floats. */
export interface MapData {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly codes: Uint8Array | null;
  readonly values: Float32Array | Float64Array | null;
  readonly scale: ArrayLike<number>;
  readonly zero: ArrayLike<number>;
}

/** A way to cut maps into tiles that are drawn side by side. */
export interface Tiles {
  readonly data: MapData;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** Tiles cut out of one map: 1 for feature maps, the inputs for kernels, all cells for vectors. */
  readonly perMap: number;
}

const FIRST_CODE = 2;
const LAST_CODE = 254;

/** The number that cell `index` of a map stands for. */
export function valueAt(data: MapData, map: number, index: number): number {
  const at = map * data.height * data.width + index;
  if (data.values) return data.values[at] ?? NaN;
  const code = data.codes?.[at] ?? 0;
  if (code === 0) return NaN;
  if (code === 1) return -Infinity;
  if (code === 255) return Infinity;
  return (data.zero[map] ?? 0) + (code - FIRST_CODE) * (data.scale[map] ?? 0);
}

/** Feature maps one tile each; a vector one tile a value. */
export function tilesOf(data: MapData): Tiles {
  if (data.count === 1 && data.height === 1) {
    return { data, count: data.width, height: 1, width: 1, perMap: data.width };
  }
  return { data, count: data.count, height: data.height, width: data.width, perMap: 1 };
}

/** Weights (filters, inputs, side, side) as filters × inputs tiles. */
export function kernelTiles(data: MapData, inputs: number): Tiles {
  const height = Math.max(1, Math.round(data.height / inputs));
  return { data, count: data.count * inputs, height, width: data.width, perMap: inputs };
}

/** The rows of a matrix cut into pictures: what each unit of a dense layer wants to see. */
export function rowTiles(data: MapData, shape: readonly number[]): Tiles {
  const [channels = 1, height = 1, width = data.width] = shape.length === 3 ? shape : [];
  return { data, count: data.count * channels, height, width, perMap: channels };
}

/** One map of several, as data of its own; nothing is copied. */
export function oneMap(data: MapData, index: number): MapData {
  const size = data.height * data.width;
  const [from, to] = [index * size, (index + 1) * size];
  return {
    count: 1,
    height: data.height,
    width: data.width,
    codes: data.codes?.subarray(from, to) ?? null,
    values: data.values?.subarray(from, to) ?? null,
    scale: [data.scale[index] ?? 0],
    zero: [data.zero[index] ?? 0],
  };
}

function extent(data: MapData, map: number): number {
  if (data.codes) {
    const zero = data.zero[map] ?? 0;
    const top = zero + (LAST_CODE - FIRST_CODE) * (data.scale[map] ?? 0);
    return Math.max(Math.abs(zero), Math.abs(top));
  }
  const size = data.height * data.width;
  let most = 0;
  for (let i = map * size; i < (map + 1) * size; i++) {
    const size = Math.abs(data.values?.[i] ?? 0);
    if (size > most && Number.isFinite(size)) most = size;
  }
  return most;
}

/** Largest finite |value| of every map. */
export function extents(data: MapData): Float64Array {
  const found = new Float64Array(data.count);
  for (let map = 0; map < data.count; map++) found[map] = extent(data, map);
  return found;
}

export function largest(values: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, values[i] ?? 0);
  return most;
}

/** Level of each of the 256 codes of a map whose range is ±limit. */
function levels(data: MapData, map: number, limit: number, out: Uint8Array): void {
  const zero = data.zero[map] ?? 0;
  const scale = data.scale[map] ?? 0;
  for (let code = FIRST_CODE; code <= LAST_CODE; code++) {
    out[code] = level(zero + (code - FIRST_CODE) * scale, limit);
  }
  out[0] = NAN_LEVEL;
  out[1] = 0;
  out[255] = LEVELS - 1;
}

const scratch = new Uint8Array(256);

/** Pixels of a range of values of one map, row by row, into `out`. */
export function paint(
  data: MapData,
  map: number,
  from: number,
  count: number,
  limit: number,
  colours: Uint32Array,
  out: Uint32Array,
): void {
  const start = map * data.height * data.width + from;
  if (data.codes) {
    levels(data, map, limit, scratch);
    for (let i = 0; i < count; i++) {
      out[i] = colours[scratch[data.codes[start + i] ?? 0] ?? NAN_LEVEL] ?? 0;
    }
    return;
  }
  for (let i = 0; i < count; i++) {
    out[i] = colours[level(data.values?.[start + i] ?? NaN, limit)] ?? 0;
  }
}

/** Where tile `index` of `tiles` lies: its map and the place of its first value in that map. */
export function place(tiles: Tiles, index: number): { map: number; from: number } {
  const size = tiles.height * tiles.width;
  return { map: Math.floor(index / tiles.perMap), from: (index % tiles.perMap) * size };
}

/** The pixels of one tile. `limits` holds one range a map, or a single one for all. */
export function tileImage(
  tiles: Tiles,
  index: number,
  limits: ArrayLike<number>,
  colours: Uint32Array,
): ImageData {
  const { map, from } = place(tiles, index);
  const image = new ImageData(tiles.width, tiles.height);
  const out = new Uint32Array(image.data.buffer);
  const limit = limits[limits.length === 1 ? 0 : map] ?? 0;
  paint(tiles.data, map, from, out.length, limit, colours, out);
  return image;
}

export interface Grid {
  /** Tiles in a row. */
  readonly columns: number;
  /** Size of a tile and distance between tiles, in canvas pixels. */
  readonly tileWidth: number;
  readonly tileHeight: number;
  readonly gap: number;
}

let stamp: HTMLCanvasElement | null = null;

/** Draw all tiles side by side, sharp-edged, onto a canvas that has the right size already. */
export function drawTiles(
  context: CanvasRenderingContext2D,
  tiles: Tiles,
  grid: Grid,
  limits: ArrayLike<number>,
  colours: Uint32Array,
  first = 0,
  count = tiles.count,
): void {
  stamp ??= document.createElement('canvas');
  const columns = Math.max(1, grid.columns);
  const rows = Math.ceil(count / columns);
  const sheet = new ImageData(columns * tiles.width, Math.max(1, rows * tiles.height));
  const pixels = new Uint32Array(sheet.data.buffer);
  const tile = new Uint32Array(tiles.width * tiles.height);
  for (let i = 0; i < count; i++) {
    const { map, from } = place(tiles, first + i);
    const limit = limits[limits.length === 1 ? 0 : map] ?? 0;
    paint(tiles.data, map, from, tile.length, limit, colours, tile);
    const left = (i % columns) * tiles.width;
    const top = Math.floor(i / columns) * tiles.height;
    for (let row = 0; row < tiles.height; row++) {
      const part = tile.subarray(row * tiles.width, (row + 1) * tiles.width);
      pixels.set(part, (top + row) * sheet.width + left);
    }
  }
  stamp.width = sheet.width;
  stamp.height = sheet.height;
  stamp.getContext('2d')?.putImageData(sheet, 0, 0);
  blit(context, stamp, tiles, grid, count);
}

function blit(
  context: CanvasRenderingContext2D,
  sheet: HTMLCanvasElement,
  tiles: Tiles,
  grid: Grid,
  count: number,
): void {
  context.imageSmoothingEnabled = false;
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  for (let i = 0; i < count; i++) {
    const column = i % grid.columns;
    const row = Math.floor(i / grid.columns);
    context.drawImage(
      sheet,
      column * tiles.width,
      row * tiles.height,
      tiles.width,
      tiles.height,
      column * (grid.tileWidth + grid.gap),
      row * (grid.tileHeight + grid.gap),
      grid.tileWidth,
      grid.tileHeight,
    );
  }
}
