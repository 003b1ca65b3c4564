// What is done to the network by hand: which units are frozen or silenced, and the commands that do it. Pure.
import type { Command, Marked, Marks, Settings } from '../protocol/types';

export type Mark = 'frozen' | 'silenced';
type Marking = Extract<Command, { type: 'freeze' | 'unfreeze' | 'silence' | 'restore' }>;
const COMMANDS = {
  frozen: ['unfreeze', 'freeze'],
  silenced: ['restore', 'silence'],
} as const;

export function byHand(command: Command): boolean {
  return command.type === 'edit_weight' || ('unit' in command && command.type !== 'step');
}

function has(marks: Marked | undefined, unit: number): boolean {
  return marks !== undefined && marks.units.includes(unit) !== marks.whole;
}

/** Whether a unit is marked; without a unit, whether every one of the layer is. */
export function isMarked(marks: Marks | undefined, node: string, unit: number | null): boolean {
  const own = marks?.[node];
  if (unit === null) return own !== undefined && own.whole && own.units.length === 0;
  return has(own, unit);
}

/** The marked ones of the first `count` units. */
export function markedUnits(marks: Marks | undefined, node: string, count: number): number[] {
  const own = marks?.[node];
  if (!own) return [];
  return Array.from({ length: count }, (_, unit) => unit).filter((unit) => has(own, unit));
}

export function markCommand(mark: Mark, on: boolean, node: string, unit: number | null): Command {
  return { type: COMMANDS[mark][on ? 1 : 0], node, unit };
}

/** `conv1.weight[2,0,1,1]` */
export function weightName(of: { node: string; tensor: string; index: readonly number[] }): string {
  return `${of.node}.${of.tensor}[${of.index.join()}]`;
}

/** What a mark's command did, as a tick of the timeline has room for it. */
export function markName(command: Marking): string {
  const sign = { freeze: '❄', unfreeze: '○', silence: '∅', restore: '○' }[command.type];
  return `${sign} ${command.node}${command.unit === null ? '' : `[${command.unit}]`}`;
}

/** Whether anything of a node is frozen or silenced. */
export function marksOf(settings: Settings | null, node: string): boolean {
  return Boolean(settings?.frozen?.[node] ?? settings?.silenced?.[node]);
}
