// How amounts of memory are written.
import { number, t } from '../i18n';
import type { LayerMemory } from '../protocol/types';

export function bytes(count: number): string {
  if (count < 2 ** 20)
    return t('stage.kib', { size: number(count / 2 ** 10, count < 10240 ? 1 : 0) });
  if (count < 2 ** 30) return t('stage.mib', { size: number(count / 2 ** 20, 1) });
  return t('memory.gib', { size: number(count / 2 ** 30, 1) });
}

/** Weights with their gradients, optimiser and outputs, as words. */
export function kinds(
  memory: LayerMemory,
): Record<'activations' | 'weights' | 'optimizer', string> {
  return {
    activations: bytes(memory.activations),
    weights: bytes(memory.weights + memory.gradients),
    optimizer: bytes(memory.optimizer),
  };
}

export function total(memory: LayerMemory): number {
  return memory.weights + memory.gradients + memory.optimizer + memory.activations;
}
