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

/** The cards that stand above one another, and how high the maps of each may be. */
export interface Lane {
  readonly wishes: readonly Wish[];
  readonly height: number;
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
    let top = long;
    for (let n = 2; n <= wish.count; n++) {
      const next = longest(wish, n, width, height, gap);
      top = Math.max(top, next);
      if (next > top * COMPACT) [columns, long] = [n, next];
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
 * Grids for the cards of every column, whose widths sum to at most `width`: all columns grow alike, and one that
 * needs another column of tiles for which there is no room stays as it is while the others go on. Where even
 * the smallest do not fit, the stage scrolls.
 */
export function fit(lanes: readonly Lane[], width: number, gap: number): Fit[][] {
  const talls = lanes.map((lane) => Math.max(lane.height, 24));
  const needed = (index: number, size: number): number => {
    const tall = talls[index] ?? 24;
    const widths = (lanes[index]?.wishes ?? []).map((wish) => narrowest(wish, size, tall, gap));
    return Math.max(0, ...widths);
  };
  const sizes = lanes.map(() => 1);
  const widths = lanes.map((_, i) => needed(i, 1));
  let room = width - widths.reduce((sum, one) => sum + one, 0);
  const growing = new Set(lanes.keys());
  while (growing.size) {
    const next = [...growing].reduce((a, b) => ((sizes[b] ?? 0) < (sizes[a] ?? 0) ? b : a));
    const size = (sizes[next] ?? 1) * GROWTH;
    if (size > MOST) {
      growing.delete(next);
      continue;
    }
    const more = needed(next, size) - (widths[next] ?? 0);
    if (more > room) growing.delete(next);
    else {
      sizes[next] = size;
      widths[next] = (widths[next] ?? 0) + more;
      room -= more;
    }
  }
  return lanes.map((lane, i) =>
    lane.wishes.map((wish) => best(wish, widths[i] ?? 0, talls[i] ?? 24, gap)),
  );
}
