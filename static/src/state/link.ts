// A whole spec in the fragment of an address: JSON, compressed (deflate), base64url. Text in, text out.
import type { RunSpec } from '../protocol/types';

/** Characters of a fragment at most: longer addresses are cut off by mail programs and chats. */
export const LONGEST = 8192;
/** Bytes that a fragment may unfold to: a spec of 256 layers has far fewer. */
const LARGEST = 1 << 20;
const KEY = 'spec';

/** The fragment is damaged, too long, or holds something else. */
export class BrokenLink extends Error {}

/** The spec does not fit into an address. */
export class LinkTooLong extends Error {}

async function through(bytes: Uint8Array<ArrayBuffer>, stream: GenericTransformStream) {
  const reader = new Blob([bytes]).stream().pipeThrough(stream).getReader();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = (await reader.read()) as ReadableStreamReadResult<
      Uint8Array<ArrayBuffer>
    >;
    if (done) break;
    size += value.length;
    if (size > LARGEST) {
      await reader.cancel().catch(() => undefined);
      throw new BrokenLink('too much');
    }
    parts.push(value);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

function toText(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

function toBytes(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (sign) => sign.charCodeAt(0));
}

/** `#spec=…` for a spec; throws LinkTooLong. */
export async function linkOf(spec: RunSpec): Promise<string> {
  const json = new TextEncoder().encode(JSON.stringify(spec)) as Uint8Array<ArrayBuffer>;
  const packed = await through(json, new CompressionStream('deflate-raw'));
  const fragment = `#${KEY}=${toText(packed)}`;
  if (fragment.length > LONGEST) throw new LinkTooLong();
  return fragment;
}

/** The packed spec of a fragment or of a whole address; null where there is none. */
export function packedIn(address: string): string | null {
  const start = address.indexOf('#');
  return start < 0 ? null : new URLSearchParams(address.slice(start + 1)).get(KEY);
}

/** What a packed spec unfolds to, not yet checked by anybody; throws BrokenLink. */
export async function unpack(packed: string): Promise<unknown> {
  if (packed.length > LONGEST) throw new BrokenLink('too long');
  try {
    const bytes = await through(toBytes(packed), new DecompressionStream('deflate-raw'));
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
  } catch {
    throw new BrokenLink('damaged');
  }
}
