// What the kernel lab takes over from the playground: the watched picture and the kernels that a run has learned.
import { Frame, type Maps } from '../protocol/frames';
import { Api } from '../protocol/rest';

const KEY = 'kernel-lab.picture';

export interface Picture {
  width: number;
  height: number;
  values: number[];
}

/** Learned kernels of one layer: `values` of (kernels, inputs, height, width). */
export interface Learned {
  node: string;
  kernels: number;
  inputs: number;
  height: number;
  width: number;
  values: Float32Array;
}

/** Keep the watched picture for the lab's page, which the same tab opens next. */
export function handOver(maps: Maps | null): void {
  try {
    if (!maps || maps.height < 2) return sessionStorage.removeItem(KEY);
    const values = Array.from({ length: maps.size }, (_, i) => +maps.value(0, i).toFixed(4));
    const picture: Picture = { width: maps.width, height: maps.height, values };
    sessionStorage.setItem(KEY, JSON.stringify(picture));
  } catch {
    // Without storage the lab has its own pictures.
  }
}

export function takeOver(): Picture | null {
  try {
    const found = JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as Picture | null;
    return found && found.values.length === found.width * found.height ? found : null;
  } catch {
    return null;
  }
}

/** The square, small enough kernels of every layer of the run that the address names. */
export async function learnedKernels(run: string, api = new Api()): Promise<Learned[]> {
  const frame = new Frame(await api.tensors(run));
  const found: Learned[] = [];
  for (const name of frame.names) {
    const tensor = frame.tensor(name);
    if (!name.endsWith('.weight') || tensor?.shape.length !== 4) continue;
    const [kernels = 0, inputs = 0, height = 0, width = 0] = tensor.shape;
    if (height > 7 || width > 7 || height * width < 2) continue;
    const values = Float32Array.from(tensor.data as ArrayLike<number>);
    found.push({ node: name.slice(0, -7), kernels, inputs, height, width, values });
  }
  return found;
}
