// The newest tensor frame of every role: taken over between two pictures, acknowledged once it is drawn.
import { tick } from 'svelte';
import { Frame, type Maps } from '../protocol/frames';
import type { Role } from '../protocol/types';

const ROLES: readonly Role[] = ['activation', 'kernel', 'decision', 'gate', 'unit'];

const GATE = '.gate_';
const UNIT = '.unit_';

/** When frames arrive and are drawn; the browser tests read it. */
export interface Painted {
  sent: number;
  painted: number;
  bytes: number;
}

function rolesOf(frame: Frame): Role[] {
  return ROLES.filter((role) =>
    frame.names.some((name) =>
      role === 'unit'
        ? name.includes(UNIT)
        : role === 'gate'
          ? name.includes(GATE) && !name.endsWith('.scale')
          : name.endsWith(`.${role}`),
    ),
  );
}

export class Frames {
  activation = $state.raw<Frame | null>(null);
  kernel = $state.raw<Frame | null>(null);
  decision = $state.raw<Frame | null>(null);
  gate = $state.raw<Frame | null>(null);
  unit = $state.raw<Frame | null>(null);
  /** The pictures come from a recording, not from a run. */
  recorded = $state(false);
  readonly #acknowledge: (frame: number) => void;
  #waiting: Frame[] = [];
  #scheduled = false;

  constructor(acknowledge: (frame: number) => void) {
    this.#acknowledge = acknowledge;
  }

  get step(): number | null {
    return this.activation?.number('step') ?? null;
  }

  receive(buffer: ArrayBuffer): void {
    this.#waiting.push(new Frame(buffer));
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => void this.#draw());
  }

  /** A frame that is not acknowledged: a recording, or an answer to a request. */
  show(buffer: ArrayBuffer, recorded: boolean): void {
    this.#take(new Frame(buffer));
    this.recorded = recorded;
  }

  /** Forget all, but what has already come from this run. */
  clear(but?: string): void {
    for (const role of ROLES) {
      if (but === undefined || this[role]?.metadata['run'] !== but) this[role] = null;
    }
    if (this.activation === null) this.recorded = false;
  }

  /** Maps of a node: `maps('conv1', 'activation')`. */
  maps(node: string, role: Role | 'bias'): Maps | null {
    const frame = role === 'bias' ? this.kernel : this[role];
    return frame?.maps(`${node}.${role}`) ?? null;
  }

  /** What a recurrent layer holds inside, in the frame's order. */
  gates(node: string): { name: string; maps: Maps }[] {
    const start = node + GATE;
    const found = (this.gate?.names ?? []).flatMap((name) => {
      const own = name.startsWith(start) && !name.slice(start.length).includes('.');
      const maps = own ? this.gate?.maps(name) : null;
      return maps ? [{ name: name.slice(start.length), maps }] : [];
    });
    return found;
  }

  /** What a unit of a recurrent layer held at every step, by name, exactly; null until it has come. */
  series(node: string, unit: number): Record<string, Float32Array> | null {
    const frame = this.unit;
    if (frame?.number('unit') !== unit) return null;
    const start = node + UNIT;
    const found = frame.names.flatMap((name) => {
      const values = name.startsWith(start) ? frame.tensor(name)?.data : null;
      return values instanceof Float32Array ? [[name.slice(start.length), values] as const] : [];
    });
    return found.length ? Object.fromEntries(found) : null;
  }

  #take(frame: Frame): void {
    for (const role of rolesOf(frame)) this[role] = frame;
  }

  async #draw(): Promise<void> {
    this.#scheduled = false;
    const frames = this.#waiting;
    this.#waiting = [];
    for (const frame of frames) this.#take(frame);
    this.recorded = false;
    await tick();
    const painted = Date.now() / 1000;
    for (const frame of frames) {
      const number = frame.number('frame');
      if (number !== null) this.#acknowledge(number);
      const detail: Painted = { sent: frame.number('sent') ?? NaN, painted, bytes: frame.bytes };
      window.dispatchEvent(new CustomEvent('glassnet:frame', { detail }));
    }
  }
}
