// Ranges of the colours: each map for itself, one range a layer, or one for the whole network.
import { extents, largest } from '../draw/maps';
import type { Frame, Maps } from '../protocol/frames';
import type { ScaleMode } from '../state/view.svelte';

const known = new WeakMap<Maps, Float64Array>();
const networks = new WeakMap<Frame, number>();

function ranges(maps: Maps): Float64Array {
  let found = known.get(maps);
  if (!found) known.set(maps, (found = extents(maps)));
  return found;
}

/** Largest |value| of all activations of a frame; 0 where there is none. */
export function networkLimit(frame: Frame | null): number {
  if (!frame) return 0;
  let most = networks.get(frame);
  if (most === undefined) {
    most = 0;
    for (const name of frame.names) {
      const maps = name.endsWith('.activation') ? frame.maps(name) : null;
      if (maps) most = Math.max(most, largest(ranges(maps)));
    }
    networks.set(frame, most);
  }
  return most;
}

/** Weights and δ have ranges of their own; a heat map over time is one picture of all units. */
export function modeOf(role: string, shape: readonly number[] | null, scale: ScaleMode): ScaleMode {
  const own = role === 'kernel' || role === 'sensitivity';
  const heat = role !== 'kernel' && shape?.length === 2 && scale === 'unit';
  return heat || (own && scale === 'network') ? 'layer' : scale;
}

/** One range a map, or a single one for all of them. */
export function limitsOf(
  maps: Maps | null,
  mode: ScaleMode,
  frame: Frame | null,
): ArrayLike<number> {
  if (!maps) return [1];
  if (mode === 'unit') return ranges(maps);
  if (mode === 'layer') return [largest(ranges(maps))];
  return [networkLimit(frame)];
}
