// What a card of the stage shows: which node's maps, how many tiles of what size, and how much room they wish.
import type { Wish } from '../draw/fit';
import { tilesOf, kernelTiles, type Tiles } from '../draw/maps';
import { overTime } from '../draw/time';
import type { Maps } from '../protocol/frames';
import type { Shape } from '../protocol/types';
import type { Card } from '../state/cards';
import { INPUT } from '../state/edits';
import type { Session } from '../state/session.svelte';

const MOST_MAPS = 64;
const MOST_KERNELS = 256;
const MOST_CELLS = 640;
const PLANE_CELLS = 48;

export interface Shown {
  readonly card: Card;
  /** The node whose tensor is shown: the first of the card for u, the last for x. */
  readonly node: string;
  readonly role: 'activation' | 'sensitivity' | 'kernel' | 'decision';
  readonly shape: Shape | null;
  readonly maps: Maps | null;
  readonly tiles: Tiles | null;
  readonly wish: Wish;
  /** Tiles there would be if all were shown. */
  readonly all: number;
  /** A range that does not depend on the numbers. */
  readonly fixed?: number;
}

/** The two inputs of a network over the plane, drawn like its units: x₁ grows to the right, x₂ upwards. */
export const axes = planeAxes();
export const AXIS_RANGE = 6;

function planeAxes(): Tiles {
  const values = new Float32Array(2 * PLANE_CELLS * PLANE_CELLS);
  for (let row = 0; row < PLANE_CELLS; row++) {
    for (let column = 0; column < PLANE_CELLS; column++) {
      const at = row * PLANE_CELLS + column;
      values[at] = ((column + 0.5) / PLANE_CELLS) * 12 - 6;
      values[PLANE_CELLS * PLANE_CELLS + at] = 6 - ((row + 0.5) / PLANE_CELLS) * 12;
    }
  }
  const data = {
    count: 2,
    height: PLANE_CELLS,
    width: PLANE_CELLS,
    codes: null,
    values,
    scale: [],
    zero: [],
  };
  return tilesOf(data);
}

function same(maps: Maps | null, shape: Shape | null): boolean {
  return maps !== null && shape !== null && maps.shape.join() === shape.join();
}

/** Tokens of the input stand in the card as text. */
export function asTokens(session: Session, id: string, shape: Shape | null): boolean {
  return id === INPUT && shape?.length === 1 && !!session.facts?.tokens;
}

/** A field of text. */
function written(card: Card): Wish {
  return { ...wish(1, 4, 5, card), emphasis: 0.7, least: 108 };
}

function wish(
  count: number,
  height: number,
  width: number,
  card: Card,
  mostMaps = MOST_MAPS,
): Wish {
  if (card.reshapes) return { count: 1, height: 1, width: 1, emphasis: 0.5, least: 12 };
  const cell = height === 1 && width === 1;
  const most = cell ? MOST_CELLS : mostMaps;
  const input = width === PLANE_CELLS ? 0.7 : 1.35;
  const emphasis = card.id === INPUT && !cell ? input : card.isOutput ? 1.5 : 1;
  return {
    count: Math.min(count, most),
    height,
    width,
    emphasis,
    least: 58,
    ...((card.isOutput || (cell && card.id === INPUT)) && count <= 24 ? { columns: 1 } : {}),
  };
}

function geometry(shape: Shape | null, timed = false): [number, number, number] {
  if (!shape) return [1, 1, 1];
  if (shape.length === 3) return [shape[0] ?? 1, shape[1] ?? 1, shape[2] ?? 1];
  if (shape.length === 2) {
    const [first = 1, second = 1] = shape;
    return timed ? [1, second, first] : [1, first, second];
  }
  return [shape[0] ?? 1, 1, 1];
}

function kernels(session: Session, card: Card): Shown | null {
  const first = card.nodes[0];
  const shape = session.reports
    .get(card.id)
    ?.parameters.find((one) => one.name === 'weight')?.shape;
  if (!first || shape?.length !== 4) return null;
  const [count = 1, inputs = 1, height = 1, width = 1] = shape;
  const found = session.frames.maps(card.id, 'kernel');
  const maps = same(found, shape) ? found : null;
  return {
    card,
    node: card.id,
    role: 'kernel',
    shape,
    maps,
    tiles: maps && kernelTiles(maps, inputs),
    wish: wish(count * inputs, height, width, card, MOST_KERNELS),
    all: count * inputs,
  };
}

/** Whether the first axis of a node's output is time. */
export function ofTime(session: Session, node: string): boolean {
  if (node === INPUT) return session.editor.report?.input_time_first ?? false;
  return session.reports.get(node)?.time_first ?? false;
}

/** Maps or units of a node's output. */
export function unitsOf(session: Session, node: string): number {
  const shape = session.reports.get(node)?.shape;
  return shape?.[Number(ofTime(session, node))] ?? 1;
}

/** Maps as tiles; a sequence as one heat map, time from left to right. */
export function tilesFor(maps: Maps, timed: boolean): Tiles {
  return tilesOf(maps.shape.length === 2 ? overTime(maps, timed) : maps);
}

/** The picture that a row of units stands for: in a network that gives back its input, one as large as it. */
export function pictureOf(session: Session, shape: readonly number[] | null): Shape | null {
  const input = session.editor.report?.input_shape;
  const again = session.task === 'reconstruction' && !session.points;
  if (!again || input?.length !== 3 || shape?.length !== 1) return null;
  return shape[0] === input.reduce((a, b) => a * b, 1) ? input : null;
}

/** The units of a row as the pixels of a picture. */
export function asPicture(maps: Maps, [channels = 1, height = 1, width = 1]: Shape): Tiles {
  return { data: maps, count: channels, height, width, perMap: channels };
}

/** What to draw in a card as things stand. */
export function shown(session: Session, card: Card): Shown {
  const { frames, view } = session;
  if (session.scope.traces) return unfolded(session, card);
  if (view.kernels && card.nodes.length) {
    const found = kernels(session, card);
    if (found) return found;
  }
  const node = view.before.includes(card.id) ? card.id : card.last;
  const input = card.id === INPUT;
  const shape = input
    ? (session.editor.report?.input_shape ?? null)
    : (session.reports.get(node)?.shape ?? null);
  if (session.points && shape?.length === 1) return onPlane(session, card, node, shape);
  const found = frames.maps(node, 'activation') ?? (input ? session.samples.input : null);
  const maps = same(found, shape) ? found : null;
  const timed = ofTime(session, node);
  const picture = pictureOf(session, shape);
  const [count, height, width] = geometry(picture ?? shape, timed);
  const tokens = asTokens(session, card.id, shape);
  return {
    card,
    node,
    role: 'activation',
    shape,
    maps,
    tiles: maps && (picture ? asPicture(maps, picture) : tilesFor(maps, timed)),
    wish: tokens ? written(card) : wish(count, height, width, card),
    all: tokens ? 1 : count,
  };
}

/** The exact numbers of the unfolded pass, as far as it has come; the card keeps its size. */
function unfolded(session: Session, card: Card): Shown {
  const { scope, points, editor, reports } = session;
  const input = card.id === INPUT;
  const place = scope.reached(card);
  const node = place?.node ?? card.last;
  const shape = (input ? editor.report?.input_shape : reports.get(node)?.shape) ?? null;
  if (input && points && shape) return onPlane(session, card, node, shape);
  const timed = ofTime(session, node);
  const [count, height, width] = geometry(shape, timed);
  const plane = points && shape?.length === 1;
  const tokens = asTokens(session, card.id, shape);
  const wished = tokens ? written(card) : wish(count, height, width, card);
  const found = place && scope.maps(place.node, place.role);
  const maps = same(found, shape) ? found : null;
  return {
    card,
    node,
    role: place?.role ?? 'activation',
    shape,
    maps,
    tiles: maps && tilesFor(maps, timed),
    wish: plane ? wish(count, PLANE_CELLS, PLANE_CELLS, card) : wished,
    all: tokens ? 1 : count,
  };
}

function onPlane(session: Session, card: Card, node: string, shape: Shape): Shown {
  const units = shape[0] ?? 1;
  const found = session.frames.maps(node, 'decision');
  const maps = found?.count === units ? found : null;
  const input = card.id === INPUT;
  const tiles = input ? axes : maps && tilesOf(maps);
  return {
    card,
    node,
    role: 'decision',
    shape,
    maps,
    tiles,
    wish: wish(units, PLANE_CELLS, PLANE_CELLS, card),
    all: units,
    ...(input ? { fixed: AXIS_RANGE } : {}),
  };
}
