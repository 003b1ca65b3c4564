// Heights and names of the gradient bars on a logarithmic scale. Pure.

export interface Bar {
  id: string;
  /** Norm of the gradient; null where none was computed yet. */
  value: number | null;
}

export type Health = 'none' | 'zero' | 'broken' | 'low' | 'high' | 'ok';

export function healthOf(value: number | null, low: number, high: number): Health {
  if (value === null) return 'none';
  if (!Number.isFinite(value)) return 'broken';
  if (value === 0) return 'zero';
  return value < low ? 'low' : value > high ? 'high' : 'ok';
}

/** Powers of ten that the chart spans: always the thresholds and a decade around them. */
export function decadesOf(bars: readonly Bar[], low: number, high: number): [number, number] {
  const finite = bars
    .map(({ value }) => value ?? NaN)
    .filter((value) => value > 0 && Number.isFinite(value));
  const floor = Math.floor(Math.log10(Math.min(low, ...finite)) - 1e-9);
  const ceiling = Math.ceil(Math.log10(Math.max(high, ...finite)) + 1e-9);
  return [Math.max(floor, -12), Math.min(ceiling, 12)];
}

/** Height as a share of the chart; what is broken fills it, zero has none. */
export function heightOf(value: number, [floor, ceiling]: readonly [number, number]): number {
  if (!Number.isFinite(value)) return 1;
  if (value <= 0) return 0;
  return Math.min(1, Math.max(0.02, (Math.log10(value) - floor) / (ceiling - floor)));
}
