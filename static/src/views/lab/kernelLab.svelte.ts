// What the kernel lab holds: a picture, a kernel, how they meet, and the cell that is looked at.
import { convolve, divisor, laid, terms, type Convolving, type Grid } from '../../draw/convolve';
import { impulse, KERNELS, resized, shapes, type NamedKernel } from '../../draw/kernels';
import { learnedKernels, takeOver, type Learned } from '../../state/kernels';
import { runInAddress } from '../../state/boot';

const SIDE = 64;
const LARGEST = 160;
export const FILES = ['camera', 'coins', 'text', 'astronaut', 'chelsea', 'brick'] as const;
export type PictureName = (typeof FILES)[number] | 'shapes' | 'impulse' | 'watched' | 'own';
/** Kernels that measure differences: their results have signs. */
const SIGNED = ['edge', 'laplacian', 'sobelX', 'sobelY', 'emboss'];

/** A picture as grey values from 0 to 1 (Rec. 601), its longer side at most so many pixels. */
async function grey(source: Blob): Promise<Grid> {
  const bitmap = await createImageBitmap(source);
  const scale = Math.min(1, LARGEST / Math.max(bitmap.width, bitmap.height));
  const width = Math.max(1, Math.round(bitmap.width * scale));
  const height = Math.max(1, Math.round(bitmap.height * scale));
  const context = new OffscreenCanvas(width, height).getContext('2d');
  if (!context) throw new Error('no canvas');
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  const values = Array.from({ length: width * height }, (_, i) => {
    const [r = 0, g = 0, b = 0] = data.subarray(4 * i, 4 * i + 3);
    return (0.299 * r + 0.587 * g + 0.114 * b) / 255;
  });
  return { width, height, values };
}

export class KernelLab {
  readonly watched = takeOver();
  pictureName = $state<PictureName>(this.watched ? 'watched' : 'camera');
  picture = $state.raw<Grid>(this.watched ?? shapes(SIDE));
  kernelName = $state('sobelX');
  kernel = $state.raw<Grid>(KERNELS.find((one) => one.id === 'sobelX') ?? impulse(3));
  settings = $state.raw<Convolving>({
    stride: 1,
    padding: 1,
    convolution: false,
    normalise: false,
    offset: 0,
  });
  signed = $state(true);
  cell = $state.raw<{ row: number; column: number }>({ row: 0, column: 0 });
  learned = $state.raw<Learned[]>([]);
  #own = $state.raw<Grid | null>(null);

  readonly result = $derived.by(() => convolve(this.picture, this.kernel, this.settings));
  readonly laid = $derived.by(() => laid(this.kernel, this.settings));
  readonly divisor = $derived.by(() => divisor(this.kernel, true));
  /** The looked-at cell, inside the result. */
  readonly at = $derived.by(() => ({
    row: Math.min(this.cell.row, (this.result?.height ?? 1) - 1),
    column: Math.min(this.cell.column, (this.result?.width ?? 1) - 1),
  }));
  readonly terms = $derived.by(() =>
    terms(this.picture, this.kernel, this.settings, this.at.row, this.at.column),
  );
  readonly value = $derived.by(
    () => this.result?.values[this.at.row * this.result.width + this.at.column] ?? NaN,
  );

  async start(): Promise<void> {
    this.#look();
    if (!this.watched) await this.open('camera');
    const run = runInAddress();
    if (run) this.learned = await learnedKernels(run).catch(() => []);
  }

  async open(name: PictureName): Promise<void> {
    this.pictureName = name;
    if (name === 'shapes') this.#show(shapes(SIDE));
    else if (name === 'impulse') this.#show(impulse(15));
    else if (name === 'watched') this.#show(this.watched ?? shapes(SIDE));
    else if (name === 'own') this.#show(this.#own ?? shapes(SIDE));
    else {
      const answer = await fetch(`/static/pictures/${name}.png`);
      const found = await grey(await answer.blob());
      if (this.pictureName === name) this.#show(found);
    }
  }

  /** A file of the user's; it stays in the browser. False: it is no picture. */
  async upload(file: Blob): Promise<boolean> {
    try {
      this.#own = await grey(file);
    } catch {
      return false;
    }
    await this.open('own');
    return true;
  }

  get hasOwn(): boolean {
    return this.#own !== null;
  }

  #show(picture: Grid): void {
    this.picture = picture;
    this.#look();
  }

  /** Look at the middle. */
  #look(): void {
    const { width = 1, height = 1 } = this.result ?? {};
    this.cell = { row: Math.floor(height / 2), column: Math.floor(width / 2) };
  }

  choose(kernel: NamedKernel): void {
    this.kernelName = kernel.id;
    this.kernel = kernel;
    this.signed = SIGNED.includes(kernel.id);
    this.set({ normalise: kernel.normalise, padding: Math.floor(kernel.height / 2) });
  }

  /** A learned kernel: one filter's weights for one of its input maps. */
  take(of: Learned, index: number, input: number): void {
    const size = of.height * of.width;
    const from = (index * of.inputs + input) * size;
    this.kernelName = `${of.node}.${index}.${input}`;
    this.kernel = {
      width: of.width,
      height: of.height,
      values: Array.from(of.values.subarray(from, from + size), (v) => +v.toFixed(4)),
    };
    this.signed = true;
    this.set({ normalise: false, convolution: false, padding: Math.floor(of.height / 2) });
  }

  set(changes: Partial<Convolving>): void {
    this.settings = { ...this.settings, ...changes };
  }

  edit(at: number, value: number): void {
    const values = Array.from(this.kernel.values);
    values[at] = value;
    this.kernelName = 'numbers';
    this.kernel = { width: this.kernel.width, height: this.kernel.height, values };
  }

  resize(width: number, height: number): void {
    this.kernelName = 'numbers';
    this.kernel = resized(this.kernel, width, height);
  }
}
