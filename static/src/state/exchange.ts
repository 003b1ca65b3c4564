// Taking a run out of the page and bringing one in: files, pasted text, links. What a view does with
// misfits is its own business; here they are thrown as ApiError.
import { t } from '../i18n';
import { ApiError } from '../protocol/errors';
import type { ExportInfo, RunInfo, RunSpec } from '../protocol/types';
import { BrokenLink, LinkTooLong, linkOf, packedIn, unpack } from './link';
import type { Session } from './session.svelte';

/** Largest spec that is read: the server takes no larger body. */
const LARGEST_TEXT = 1 << 20;

/** What a view shows of a failure at its place; null for what is no refusal of the server's. */
export function refusal(error: unknown): Refusal | null {
  return error instanceof ApiError ? error : null;
}

export type Refusal = ApiError;

function said(code: string, en: string, zh: string): ApiError {
  return new ApiError(422, { code, message: { en, zh } });
}

/** The exports of the network as it is edited now; a run is made where there is none. */
export async function exportsOf(session: Session): Promise<ExportInfo[]> {
  const { run, api } = session;
  return (await session.ensure()) && run.id ? run.answered(api.exports(run.id)) : [];
}

/** Hand a file to the browser's downloads. */
export function save(blob: Blob, name: string): void {
  const address = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** An SVG as a PNG of twice its size. */
export async function toPng(svg: Blob): Promise<Blob> {
  const image = new Image();
  const address = URL.createObjectURL(svg);
  try {
    image.src = address;
    await image.decode();
    const canvas = document.createElement('canvas');
    const scale = Math.min(2, 16_000 / Math.max(image.width, image.height));
    canvas.width = image.width * scale;
    canvas.height = image.height * scale;
    canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/png'));
    if (!blob) throw new Error('no picture');
    return blob;
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** The address that opens this very network, its data, its training and its seed. */
export async function share(session: Session): Promise<string> {
  try {
    return location.origin + location.pathname + (await linkOf(session.editor.spec));
  } catch (error) {
    if (!(error instanceof LinkTooLong)) throw error;
    throw said(
      'link_too_long',
      'This network does not fit into a link. Export its spec as a file instead.',
      '此网络过大，无法放入链接。请改为导出配置文件。',
    );
  }
}

function parsed(text: string): unknown {
  if (text.length > LARGEST_TEXT) {
    throw said(
      'too_large',
      'This is far too large for a network file.',
      '内容过大，不可能是网络配置。',
    );
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const reason = error instanceof Error ? error.message : '';
    throw said('no_json', `This is no JSON: ${reason}`, `这不是合法的 JSON：${reason}`);
  }
}

/** A spec from a file, from pasted text or from a pasted link, checked by the server. */
export async function readSpec(session: Session, text: string): Promise<RunSpec> {
  const packed = /^https?:\/\/\S+$/.test(text.trim()) ? packedIn(text.trim()) : null;
  const found = packed === null ? parsed(text) : await opened(packed);
  return (await session.api.checkSpec(found)).spec;
}

async function opened(packed: string): Promise<unknown> {
  try {
    return await unpack(packed);
  } catch (error) {
    if (!(error instanceof BrokenLink)) throw error;
    throw said(
      'link_broken',
      'The link is damaged or incomplete: it holds no network.',
      '链接已损坏或不完整：其中没有网络。',
    );
  }
}

/** The checked spec of a page's address; null where it holds none. */
export async function specInAddress(session: Session, address: string): Promise<RunSpec | null> {
  const packed = packedIn(address);
  return packed === null ? null : (await session.api.checkSpec(await opened(packed))).spec;
}

/** The network on the page with the weights of a file, checked tensor by tensor. */
export async function readWeights(session: Session, file: Blob): Promise<RunSpec> {
  const kept = await session.api.addWeights(file);
  const spec = { ...session.editor.spec, weights: kept.sha256 };
  return (await session.api.checkSpec(spec)).spec;
}

/** A new run of the network as it is; weights from a file that no longer fit it are left behind. */
export async function createFitting(session: Session): Promise<RunInfo> {
  const { run, editor } = session;
  try {
    return await run.create(editor.spec);
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'weights_misfit') throw error;
    editor.spec = { ...editor.spec, weights: null };
    session.app.note({
      kind: 'warn',
      title: t('exchange.weightsLeft'),
      body: t('exchange.weightsLeftWhy'),
    });
    return run.create(editor.spec);
  }
}
