// Samples as small pictures: images as they are, rows of a table as a square of coloured cells.
import { tileImage, tilesOf } from '../../draw/maps';
import { diverging, type Theme } from '../../draw/palette';
import type { Batch } from '../../state/samples.svelte';

/** A standardised value of so many deviations has the full colour. */
const DEVIATIONS = 2.5;

/** Each sample scaled to its own range, as the pictures of the set are; colour as colour. */
export function picturesOf(batch: Batch, theme: Theme): ImageData[] {
  if (!batch.count) return [];
  if (batch.shape.length === 1) return rows(batch, theme);
  const [channels = 1, height = 1, width = 1] = batch.shape;
  if (batch.shape.length !== 3) return [];
  if (channels === 3) return photographs(batch, height, width);
  const data = {
    count: batch.count * channels,
    height,
    width,
    codes: null,
    values: batch.inputs,
    scale: [],
    zero: [],
  };
  const tiles = tilesOf(data);
  const table = diverging(theme);
  return Array.from({ length: batch.count }, (_, i) => tileImage(tiles, i * channels, [1], table));
}

function photographs(batch: Batch, height: number, width: number): ImageData[] {
  const size = height * width;
  return Array.from({ length: batch.count }, (_, i) => {
    const image = new ImageData(width, height);
    for (let at = 0; at < size; at++) {
      for (let k = 0; k < 3; k++) {
        image.data[4 * at + k] = 255 * (batch.inputs[(3 * i + k) * size + at] ?? 0);
      }
      image.data[4 * at + 3] = 255;
    }
    return image;
  });
}

/** The values from left to right, from top to bottom; cells that are left over stay empty. */
function rows(batch: Batch, theme: Theme): ImageData[] {
  const width = batch.shape[0] ?? 1;
  const side = Math.ceil(Math.sqrt(width));
  const height = Math.ceil(width / side);
  const table = diverging(theme);
  return Array.from({ length: batch.count }, (_, i) => {
    const values = new Float32Array(side * height);
    values.set(batch.inputs.subarray(i * width, (i + 1) * width));
    const data = { count: 1, height, width: side, codes: null, values, scale: [], zero: [] };
    const tiles = { data, count: 1, height, width: side, perMap: 1 };
    return tileImage(tiles, 0, [DEVIATIONS], table);
  });
}
