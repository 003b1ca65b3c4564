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
const LARGEST = { map: 220, cell: 24 };
/** Sizes grow by this factor at a time, up to the last. */
const GROWTH = 1.04;
const MOST = 150;
/** Tiles may be this much smaller where that fills a card's width instead of its height. */
const COMPACT = 0.93;

function single(wish: Wish): boolean {
  return wish.height === 1 && wish.width === 1;
}

function bounds(wish: Wish): { least: number; most: number } {
  const kind = single(wish) ? 'cell' : 'map';
  return { least: SMALLEST[kind], most: LARGEST[kind] * wish.emphasis };
}

/** Longer side of a tile at size λ: tiles with fewer values get more pixels for each. */
function side(wish: Wish, size: number): number {
  const natural = single(wish) ? 1.5 : Math.sqrt(Math.max(wish.width, wish.height));
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
      if (next > long * COMPACT) [columns, long] = [n, next];
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
 * Grids whose widths sum to at most `width`: all grow alike, and one that needs another column for which there
 * is no room stays as it is while the others go on. Where even the smallest do not fit, the stage scrolls.
 */
export function fit(wishes: readonly Wish[], width: number, height: number, gap: number): Fit[] {
  const tall = Math.max(height, 24);
  const sizes = wishes.map(() => 1);
  const widths = wishes.map((wish) => narrowest(wish, 1, tall, gap));
  let room = width - widths.reduce((sum, one) => sum + one, 0);
  const growing = new Set(wishes.keys());
  while (growing.size) {
    const next = [...growing].reduce((a, b) => ((sizes[b] ?? 0) < (sizes[a] ?? 0) ? b : a));
    const wish = wishes[next];
    const size = (sizes[next] ?? 1) * GROWTH;
    if (!wish || size > MOST) {
      growing.delete(next);
      continue;
    }
    const more = narrowest(wish, size, tall, gap) - (widths[next] ?? 0);
    if (more > room) growing.delete(next);
    else {
      sizes[next] = size;
      widths[next] = (widths[next] ?? 0) + more;
      room -= more;
    }
  }
  return wishes.map((wish, i) => best(wish, widths[i] ?? 0, tall, gap));
}
