// The movements of a picture, in the order in which they are offered.
import type { Axis } from './types';

export const AXES = [
  'turn',
  'scale',
  'shift_x',
  'shift_y',
  'shear',
  'bend',
  'elastic',
] as const satisfies readonly Axis[];
