// Colours of more than two classes, and the decision map that they make. Two classes are signs: palette.ts.
import type { Readout } from './decision';
import { valueAt, type MapData } from './maps';
import { colour, type Theme } from './palette';

/** Told apart by hue and by lightness; none of them is that of a sign. */
export const CLASS_COLOURS: Record<Theme, readonly string[]> = {
  light: ['#5546d6', '#c2388b', '#0b8a7b', '#9a8f10', '#7a4b2f', '#5b6475'],
  dark: ['#a397ff', '#f08bc4', '#3fc9b3', '#cfc45a', '#c99b7c', '#9aa4b4'],
};

/** The colour of class `index` among `count`. */
export function classColour(index: number, count: number, theme: Theme): string {
  if (count <= 2) return colour(index ? 1 : -1, 1, theme);
  const list = CLASS_COLOURS[theme];
  return list[index % list.length] ?? list[0] ?? '';
}

function channels(hex: string): [number, number, number] {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)) as [number, number, number];
}

/**
 * The winner of every cell in its class's colour, stronger where it wins by more: by the difference of the
 * two best probabilities with softmax, by its share of the largest difference without.
 */
export function classMap(data: MapData, readout: Readout, theme: Theme): ImageData {
  const size = data.height * data.width;
  const winner = new Uint8Array(size);
  const margin = new Float32Array(size);
  let widest = 0;
  for (let cell = 0; cell < size; cell++) {
    let [best, second, at] = [-Infinity, -Infinity, 0];
    let sum = 0;
    for (let map = 0; map < data.count; map++) {
      const value = valueAt(data, map, cell);
      if (value > best) [second, best, at] = [best, value, map];
      else if (value > second) second = value;
    }
    for (let map = 0; map < data.count; map++) sum += Math.exp(valueAt(data, map, cell) - best);
    winner[cell] = at;
    margin[cell] = readout === 'softmax' ? (1 - Math.exp(second - best)) / sum : best - second;
    widest = Math.max(widest, margin[cell] ?? 0);
  }
  const scale = readout === 'softmax' ? 1 : widest || 1;
  const paper = channels(theme === 'dark' ? '#242931' : '#f2f1ef');
  const image = new ImageData(data.width, data.height);
  for (let cell = 0; cell < size; cell++) {
    const ink = channels(classColour(winner[cell] ?? 0, 3, theme));
    const share = 0.15 + 0.85 * Math.min(1, (margin[cell] ?? 0) / scale);
    for (let k = 0; k < 3; k++) {
      image.data[4 * cell + k] = (paper[k] ?? 0) + ((ink[k] ?? 0) - (paper[k] ?? 0)) * share;
    }
    image.data[4 * cell + 3] = 255;
  }
  return image;
}
