// The path of a sparkline. Values that are not finite break the line.

const PAD = 1.5;

export function sparkPath(y: readonly number[], width: number, height: number): string {
  const finite = y.filter(Number.isFinite);
  if (finite.length === 0) return '';
  const low = finite.reduce((a, b) => Math.min(a, b));
  const high = finite.reduce((a, b) => Math.max(a, b));
  const across = y.length > 1 ? (width - 2 * PAD) / (y.length - 1) : 0;
  const up = (height - 2 * PAD) / (high - low || 1);
  let pen = 'M';
  let path = '';
  y.forEach((value, i) => {
    if (!Number.isFinite(value)) return void (pen = 'M');
    const top = high === low ? height / 2 : PAD + (high - value) * up;
    path += `${pen}${(PAD + i * across).toFixed(1)} ${top.toFixed(1)}`;
    pen = 'L';
  });
  return path;
}
