// Gives the cards of the stage their widths: the largest maps at which all cards fit side by side.

/** What one card has to show. */
export interface Wish {
  /** Tiles to lay out, and the size of one in values. */
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** How much larger than the others its tiles may be. */
  readonly emphasis: number;
  /** Narrowest content, in pixels. */
  readonly least: number;
  /** Exactly so many columns. */
  readonly columns?: number;
}

export interface Fit {
  readonly columns: number;
  /** Size of a tile in pixels. */
  readonly tileWidth: number;
  readonly tileHeight: number;
  /** Size of the whole grid. */
  readonly width: number;
  readonly height: number;
}

const SMALLEST = { map: 18, cell: 6 };
const LARGEST = { map: 200, cell: 30 };

function single(wish: Wish): boolean {
  return wish.height === 1 && wish.width === 1;
}

function bounds(wish: Wish): { least: number; most: number } {
  const kind = single(wish) ? 'cell' : 'map';
  return { least: SMALLEST[kind], most: LARGEST[kind] * wish.emphasis };
}

/** Longer side of a tile at size λ: tiles with fewer values get more pixels for each. */
function side(wish: Wish, size: number): number {
  const natural = single(wish) ? 2.2 : Math.sqrt(Math.max(wish.width, wish.height));
  const { least, most } = bounds(wish);
  return Math.min(Math.max(natural * size * wish.emphasis, least), most);
}

/** Longest tile side at which `columns` columns fit into a width and a height. */
function longest(wish: Wish, columns: number, width: number, height: number, gap: number): number {
  const rows = Math.ceil(wish.count / columns);
  const scale = Math.max(wish.width, wish.height);
  const across = (((width + gap) / columns - gap) * scale) / wish.width;
  const down = (((height + gap) / rows - gap) * scale) / wish.height;
  return Math.min(across, down, bounds(wish).most);
}

/** Narrowest width at which tiles of this size fit into the height. */
function narrowest(wish: Wish, size: number, height: number, gap: number): number {
  const long = side(wish, size);
  const scale = long / Math.max(wish.width, wish.height);
  const rows = Math.max(1, Math.floor((height + gap) / (wish.height * scale + gap)));
  const columns = wish.columns ?? Math.ceil(wish.count / rows);
  const down = wish.columns ? longest(wish, columns, Infinity, height, gap) : long;
  const across = (wish.width * Math.min(long, down)) / Math.max(wish.width, wish.height);
  return Math.max(wish.least, columns * (across + gap) - gap);
}

/** The grid with the largest tiles for a width and a height. */
function best(wish: Wish, width: number, height: number, gap: number): Fit {
  let columns = wish.columns ?? 1;
  let long = longest(wish, columns, width, height, gap);
  if (!wish.columns) {
    for (let n = 2; n <= wish.count; n++) {
      const next = longest(wish, n, width, height, gap);
      if (next > long) [columns, long] = [n, next];
    }
  }
  const scale = Math.max(long, single(wish) ? 4 : 8) / Math.max(wish.width, wish.height);
  const tileWidth = Math.max(1, Math.floor(wish.width * scale));
  const tileHeight = Math.max(1, Math.floor(wish.height * scale));
  const rows = Math.ceil(wish.count / columns);
  return {
    columns,
    tileWidth,
    tileHeight,
    width: columns * (tileWidth + gap) - gap,
    height: rows * (tileHeight + gap) - gap,
  };
}

/**
 * The largest common size at which the grids' widths sum to at most `width`, what is left given to all alike.
 * Where even the smallest does not fit, the smallest is given and the stage scrolls.
 */
export function fit(wishes: readonly Wish[], width: number, height: number, gap: number): Fit[] {
  const tall = Math.max(height, 24);
  const widths = (size: number) => wishes.map((wish) => narrowest(wish, size, tall, gap));
  const sum = (list: readonly number[]) => list.reduce((a, b) => a + b, 0);
  let [low, high] = [0, 120];
  let chosen = widths(low);
  for (let round = 0; round < 24; round++) {
    const middle = (low + high) / 2;
    const next = widths(middle);
    if (sum(next) <= width) [chosen, low] = [next, middle];
    else high = middle;
  }
  return wishes.map((wish, i) => best(wish, chosen[i] ?? 0, tall, gap));
}
