// Gives the cards of the stage their widths: the largest maps at which all cards fit side by side.

/** What one card has to show. */
export interface Wish {
  /** Tiles to lay out, and the size of one in values. */
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** How much larger than the others its tiles may be. */
  readonly emphasis: number;
  /** Narrowest and widest content, in pixels. */
  readonly least: number;
}

export interface Fit {
  readonly columns: number;
  readonly rows: number;
  /** Size of a tile in pixels. */
  readonly tileWidth: number;
  readonly tileHeight: number;
  /** Size of the whole grid. */
  readonly width: number;
  readonly height: number;
  /** Tiles shown; the rest is said in words. */
  readonly shown: number;
}

const SMALLEST = { map: 20, cell: 6 };
const LARGEST = { map: 260, cell: 26 };

/** Side of a tile at size λ: tiles with fewer values get more pixels for each. */
function side(wish: Wish, size: number): number {
  const cell = wish.height === 1 && wish.width === 1;
  const natural = cell ? 2.2 : Math.sqrt(Math.max(wish.width, wish.height));
  const least = cell ? SMALLEST.cell : SMALLEST.map;
  const most = cell ? LARGEST.cell : LARGEST.map * wish.emphasis;
  return Math.min(Math.max(natural * size * wish.emphasis, least), most);
}

/** Tiles whose longer side is `longest` pixels, in as few columns as the height allows. */
function grid(wish: Wish, longest: number, height: number, gap: number): Fit {
  const scale = longest / Math.max(wish.width, wish.height);
  let tileWidth = Math.max(1, Math.floor(wish.width * scale));
  let tileHeight = Math.max(1, Math.floor(wish.height * scale));
  if (tileHeight > height) {
    tileWidth = Math.max(1, Math.floor((tileWidth * height) / tileHeight));
    tileHeight = Math.max(1, Math.floor(height));
  }
  const fitting = Math.max(1, Math.floor((height + gap) / (tileHeight + gap)));
  const columns = Math.max(1, Math.ceil(wish.count / fitting));
  const rows = Math.ceil(wish.count / columns);
  return {
    columns,
    rows,
    tileWidth,
    tileHeight,
    width: columns * (tileWidth + gap) - gap,
    height: rows * (tileHeight + gap) - gap,
    shown: wish.count,
  };
}

function widths(fits: readonly Fit[], wishes: readonly Wish[]): number {
  return fits.reduce((sum, fit, i) => sum + Math.max(fit.width, wishes[i]?.least ?? 0), 0);
}

/**
 * The largest common size at which the grids' widths sum to at most `width`. Where even the smallest does not
 * fit, the smallest is given and the stage scrolls.
 */
export function fit(wishes: readonly Wish[], width: number, height: number, gap: number): Fit[] {
  const at = (size: number): Fit[] =>
    wishes.map((wish) => grid(wish, side(wish, size), Math.max(height, 24), gap));
  let low = 0;
  let high = 120;
  let best = at(low);
  for (let round = 0; round < 24; round++) {
    const middle = (low + high) / 2;
    const fits = at(middle);
    if (widths(fits, wishes) <= width) {
      best = fits;
      low = middle;
    } else {
      high = middle;
    }
  }
  return best.map((one, i) => grown(one, wishes[i], height, gap));
}

/** Rows that were rounded away: let tiles grow into a card's width that its title needs anyway. */
function grown(one: Fit, wish: Wish | undefined, height: number, gap: number): Fit {
  if (!wish || one.width >= wish.least) return one;
  const cell = wish.height === 1 && wish.width === 1;
  const room = Math.floor((wish.least + gap) / one.columns - gap);
  const tall = Math.floor((height + gap) / one.rows - gap);
  const ratio = wish.height / wish.width;
  const tileWidth = Math.min(room, Math.floor(tall / ratio), cell ? LARGEST.cell : LARGEST.map);
  if (tileWidth <= one.tileWidth) return one;
  const tileHeight = Math.max(1, Math.floor(tileWidth * ratio));
  return {
    ...one,
    tileWidth,
    tileHeight,
    width: one.columns * (tileWidth + gap) - gap,
    height: one.rows * (tileHeight + gap) - gap,
  };
}
