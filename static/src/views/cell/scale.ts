// The logarithmic scale of errors in the gradient check. Pure.
const LOW = -16;
const HIGH = 0;

/** Where an error lies between 10⁻¹⁶ and 1; what is no number is as far off as can be. */
export function logShare(error: number | string): number {
  const size = Math.abs(Number(error));
  if (Number.isNaN(size)) return 1;
  if (size === 0) return 0;
  return Math.min(1, Math.max(0, (Math.log10(size) - LOW) / (HIGH - LOW)));
}
