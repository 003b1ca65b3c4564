// Tensor frames: safetensors files as typed-array views with no copy; the codes of quantised maps.

export type Numbers =
  Float32Array | Float64Array | Uint8Array | Int8Array | Int32Array | BigInt64Array;

export interface Tensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: Numbers;
}

export const NAN_CODE = 0;
export const NEGATIVE_INFINITY_CODE = 1;
export const POSITIVE_INFINITY_CODE = 255;
const FIRST_CODE = 2;

const KINDS = {
  F32: Float32Array,
  F64: Float64Array,
  U8: Uint8Array,
  I8: Int8Array,
  I32: Int32Array,
  I64: BigInt64Array,
} as const;

export class FrameError extends Error {
  override name = 'FrameError';
}

interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

function view(buffer: ArrayBuffer, start: number, entry: Entry, name: string): Tensor {
  const kind = KINDS[entry.dtype as keyof typeof KINDS] as
    (typeof KINDS)[keyof typeof KINDS] | undefined;
  if (!kind) throw new FrameError(`tensor ${name} has the type ${entry.dtype}`);
  const [from, to] = entry.data_offsets;
  const bytes = to - from;
  const count = entry.shape.reduce((product, side) => product * side, 1);
  if (bytes !== count * kind.BYTES_PER_ELEMENT || start + to > buffer.byteLength) {
    throw new FrameError(`tensor ${name} does not fit its bytes`);
  }
  const offset = start + from;
  const aligned = offset % kind.BYTES_PER_ELEMENT === 0;
  const data = aligned
    ? new kind(buffer, offset, count)
    : new kind(buffer.slice(offset, start + to), 0, count);
  return { dtype: entry.dtype, shape: entry.shape, data };
}

/** The maps of one tensor: `count` maps of `height` × `width` values, quantised or not. */
export class Maps {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** Shape (channels, height, width), (values,) or (units, inputs, …). */
  readonly shape: readonly number[];
  readonly codes: Uint8Array | null;
  readonly values: Float32Array | Float64Array | null;
  readonly scale: Float32Array;
  readonly zero: Float32Array;

  constructor(tensor: Tensor, scale: Float32Array, zero: Float32Array) {
    const [first = 1, ...rest] = tensor.shape;
    const vector = tensor.shape.length < 2;
    this.shape = tensor.shape;
    this.count = vector ? 1 : first;
    this.height = rest.length > 1 ? rest.slice(0, -1).reduce((a, b) => a * b, 1) : 1;
    this.width = vector ? first : (rest.at(-1) ?? 1);
    this.codes = tensor.data instanceof Uint8Array ? tensor.data : null;
    this.values =
      tensor.data instanceof Float32Array || tensor.data instanceof Float64Array
        ? tensor.data
        : null;
    this.scale = scale;
    this.zero = zero;
  }

  get size(): number {
    return this.height * this.width;
  }

  /** The value of cell `index` of map `map`. */
  value(map: number, index: number): number {
    const at = map * this.size + index;
    if (this.values) return this.values[at] ?? NaN;
    const code = this.codes?.[at] ?? NAN_CODE;
    return decode(code, this.scale[map] ?? 0, this.zero[map] ?? 0);
  }

  /** Half the distance between two codes: how far a shown value may be from the true one. */
  uncertainty(map: number): number {
    return this.codes ? (this.scale[map] ?? 0) / 2 : 0;
  }
}

export function decode(code: number, scale: number, zero: number): number {
  if (code === NAN_CODE) return NaN;
  if (code === NEGATIVE_INFINITY_CODE) return -Infinity;
  if (code === POSITIVE_INFINITY_CODE) return Infinity;
  return zero + (code - FIRST_CODE) * scale;
}

const EMPTY = new Float32Array(0);

/** One decoded frame. The typed arrays look into the received buffer. */
export class Frame {
  readonly metadata: Readonly<Record<string, string>>;
  readonly bytes: number;
  readonly #tensors = new Map<string, Tensor>();
  readonly #maps = new Map<string, Maps>();

  constructor(buffer: ArrayBuffer) {
    if (buffer.byteLength < 8) throw new FrameError('shorter than its header');
    const length = Number(new DataView(buffer).getBigUint64(0, true));
    if (length > buffer.byteLength - 8) throw new FrameError('header longer than the frame');
    const text = new TextDecoder().decode(new Uint8Array(buffer, 8, length));
    const header = JSON.parse(text) as Record<string, Entry | Record<string, string>>;
    const { __metadata__: metadata, ...entries } = header;
    this.metadata = (metadata ?? {}) as Record<string, string>;
    this.bytes = buffer.byteLength;
    for (const [name, entry] of Object.entries(entries)) {
      this.#tensors.set(name, view(buffer, 8 + length, entry as Entry, name));
    }
  }

  get names(): string[] {
    return [...this.#tensors.keys()];
  }

  tensor(name: string): Tensor | null {
    return this.#tensors.get(name) ?? null;
  }

  /** Maps of `name` (`conv1.activation`), or null where the frame has none. */
  maps(name: string): Maps | null {
    const known = this.#maps.get(name);
    if (known) return known;
    const tensor = this.#tensors.get(name);
    if (!tensor) return null;
    const maps = new Maps(tensor, this.#floats(`${name}.scale`), this.#floats(`${name}.zero`));
    this.#maps.set(name, maps);
    return maps;
  }

  #floats(name: string): Float32Array {
    const data = this.#tensors.get(name)?.data;
    return data instanceof Float32Array ? data : EMPTY;
  }

  /** A small tensor as plain numbers. */
  numbers(name: string): number[] | null {
    const tensor = this.#tensors.get(name);
    return tensor ? Array.from(tensor.data as ArrayLike<number | bigint>, Number) : null;
  }

  number(key: string): number | null {
    const value = this.metadata[key];
    return value === undefined || value === '' ? null : Number(value);
  }
}
