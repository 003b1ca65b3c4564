// Files as the server sends them, for tests.

export interface Given {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** A safetensors file of 64-bit numbers. */
export function safetensors(
  tensors: Readonly<Record<string, Given>>,
  metadata?: Readonly<Record<string, string>>,
): ArrayBuffer {
  let end = 0;
  const entries: Record<string, unknown> = metadata ? { __metadata__: metadata } : {};
  const values = Object.entries(tensors).flatMap(([name, one]) => {
    const from = end;
    end += 8 * one.values.length;
    entries[name] = { dtype: 'F64', shape: one.shape, data_offsets: [from, end] };
    return one.values;
  });
  const header = new TextEncoder().encode(JSON.stringify(entries));
  const buffer = new ArrayBuffer(8 + header.length + end);
  new DataView(buffer).setBigUint64(0, BigInt(header.length), true);
  new Uint8Array(buffer, 8).set(header);
  new Uint8Array(buffer, 8 + header.length).set(new Uint8Array(Float64Array.from(values).buffer));
  return buffer;
}
