// What flows along time and from layer to layer: a ribbon where the steps are narrow, arrows where there is room.
import { shareOf } from './decades';
import { inSight, type Flow, type Ink, type Links, type Sight } from './tracks';

/** The narrowest cell at which an arrow can still be told from the next. */
const ARROW = 12;

type Context = CanvasRenderingContext2D;

/** Along time, as thick as the norm is on its log scale. */
export function drawFlow(context: Context, track: Flow, sight: Sight, ink: Ink): void {
  const how = sight.cell < ARROW ? ribbon : arrows;
  how(context, track, sight, ink);
}

/** The half thickness at a step. */
function half(track: Flow | Links, step: number): number {
  const most = track.height / 2 - 1;
  if (!track.values || !track.range) return Math.min(0.75, most);
  const value = track.values[step];
  if (value === undefined) return 0;
  const share = Number.isFinite(value) ? shareOf(value, track.range) : 1;
  return share === null ? 0 : 0.3 + share * (most - 0.3);
}

function ribbon(context: Context, track: Flow, sight: Sight, ink: Ink): void {
  const [first, end] = inSight(sight);
  const middle = track.height / 2;
  const at = (step: number) => (step + 0.5) * sight.cell - sight.left;
  context.fillStyle = ink.stream;
  context.beginPath();
  context.moveTo(at(first), middle - half(track, first));
  for (let step = first; step < end; step++) context.lineTo(at(step), middle - half(track, step));
  for (let step = end - 1; step >= first; step--) {
    context.lineTo(at(step), middle + half(track, step));
  }
  context.fill();
  // Which way it flows.
  context.strokeStyle = ink.surface;
  context.lineWidth = 1.5;
  const stride = Math.max(1, Math.round(44 / sight.cell));
  for (let step = first - (first % stride); step < end; step += stride) {
    const [x, size] = [at(step), Math.min(4, half(track, step) * 0.7)];
    if (size < 1.2) continue;
    context.beginPath();
    context.moveTo(x - track.way * size, middle - size);
    context.lineTo(x, middle);
    context.lineTo(x - track.way * size, middle + size);
    context.stroke();
  }
}

function arrows(context: Context, track: Flow, sight: Sight, ink: Ink): void {
  const [first, end] = inSight(sight);
  const middle = track.height / 2;
  context.fillStyle = ink.stream;
  for (let step = Math.max(0, first - 1); step < Math.min(end, sight.steps - 1); step++) {
    // What leaves a step backwards is what the one after it holds.
    const thick = half(track, track.way === 1 ? step : step + 1);
    if (thick === 0) continue;
    const [left, right] = [0.3, 1.7].map((part) => (step + part) * sight.cell - sight.left);
    const [from = 0, to = 0] = track.way === 1 ? [left, right] : [right, left];
    const head = Math.min(sight.cell * 0.45, 5);
    arrow(context, from, to, middle, thick, head);
  }
}

function arrow(
  context: Context,
  from: number,
  to: number,
  middle: number,
  thick: number,
  head: number,
): void {
  const neck = to - Math.sign(to - from) * head;
  const wide = thick * 0.5 + 3;
  context.beginPath();
  context.moveTo(from, middle - thick * 0.5);
  context.lineTo(neck, middle - thick * 0.5);
  context.lineTo(neck, middle - wide);
  context.lineTo(to, middle);
  context.lineTo(neck, middle + wide);
  context.lineTo(neck, middle + thick * 0.5);
  context.lineTo(from, middle + thick * 0.5);
  context.fill();
}

/** Arrows at every step, from layer to layer. */
export function drawLinks(context: Context, track: Links, sight: Sight, ink: Ink): void {
  if (sight.cell < 7) return;
  const [first, end] = inSight(sight);
  const [from, to] = track.way === 1 ? [1, track.height - 2] : [track.height - 1, 2];
  context.strokeStyle = ink.muted;
  for (let step = first; step < end; step++) {
    const thick = half({ ...track, height: Math.min(track.height, sight.cell / 2) }, step);
    if (thick === 0) continue;
    const x = Math.round((step + 0.5) * sight.cell - sight.left) + 0.5;
    context.lineWidth = Math.max(0.75, thick);
    context.beginPath();
    context.moveTo(x, from);
    context.lineTo(x, to);
    context.moveTo(x - 2.5, to - track.way * 3);
    context.lineTo(x, to);
    context.lineTo(x + 2.5, to - track.way * 3);
    context.stroke();
  }
}
