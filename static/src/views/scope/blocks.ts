// The operations of a step as blocks on a line: one block a phase, as wide as it has operations.
import type { OperationStep } from '../../protocol/microscope';
import { PHASES, type Phase } from '../../state/scope.svelte';

export interface Block {
  readonly phase: Phase;
  /** Number of its first operation, and how many it has. */
  readonly from: number;
  readonly count: number;
}

/** The phases that a step has, in order. */
export function blocksOf(operations: readonly OperationStep[]): Block[] {
  return PHASES.flatMap((phase) => {
    const from = operations.findIndex((one) => one.phase === phase);
    const count = operations.filter((one) => one.phase === phase).length;
    return count ? [{ phase, from, count }] : [];
  });
}

/** The operation at a share of the line, 0 to 1. */
export function operationAt(share: number, count: number): number {
  return Math.min(count - 1, Math.max(0, Math.floor(share * count)));
}

/** The first operation of the next phase or of the one before; at an end, the last or first operation. */
export function phaseFrom(blocks: readonly Block[], index: number, by: 1 | -1): number {
  const here = blocks.findIndex((one) => index < one.from + one.count);
  const last = blocks.at(-1);
  if (by > 0) return blocks[here + 1]?.from ?? (last ? last.from + last.count - 1 : 0);
  const block = blocks[here];
  return block && index > block.from ? block.from : (blocks[here - 1]?.from ?? 0);
}
