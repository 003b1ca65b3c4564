// Tiles of one size in a field of a given size: the columns at which they are largest.

export interface Packed {
  readonly columns: number;
  readonly tileWidth: number;
  readonly tileHeight: number;
}

/** `count` tiles of `width` × `height` values within `room` × `tall` pixels, `gap` pixels apart. */
export function packed(
  count: number,
  width: number,
  height: number,
  room: number,
  tall: number,
  gap: number,
): Packed {
  let [columns, scale] = [1, 0];
  for (let n = 1; n <= count; n++) {
    const rows = Math.ceil(count / n);
    const fits = Math.min(((room + gap) / n - gap) / width, ((tall + gap) / rows - gap) / height);
    if (fits > scale) [columns, scale] = [n, fits];
  }
  const side = (values: number) => Math.max(1, Math.floor(values * scale));
  return { columns, tileWidth: side(width), tileHeight: side(height) };
}
