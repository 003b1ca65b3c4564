import { describe, expect, it } from 'vitest';
import { ApiError } from './errors';
import { SAFETENSORS } from './requests';
import { Api } from './rest';

interface Seen {
  url: string;
  init: RequestInit;
}

/** The network is replaced: what is tested is what goes out and what becomes of an answer. */
function answering(response: () => Response): { api: Api; seen: Seen[] } {
  const seen: Seen[] = [];
  const fetcher = ((url: string, init: RequestInit) => {
    seen.push({ url, init });
    return Promise.resolve(response());
  }) as unknown as typeof fetch;
  return { api: new Api('/api/v1', fetcher), seen };
}

const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status });

describe('the client', () => {
  it('posts commands as JSON and gives back what was applied', async () => {
    const { api, seen } = answering(() => json({ step: 3, branch: 0, seq: 9, waiting: false }));
    expect((await api.command('r1', { type: 'set_speed', steps_per_second: null })).seq).toBe(9);
    expect(seen[0]?.url).toBe('/api/v1/runs/r1/commands');
    expect(seen[0]?.init).toMatchObject({
      method: 'POST',
      body: '{"type":"set_speed","steps_per_second":null}',
    });
  });

  it('asks for tensors by their media type', async () => {
    const { api, seen } = answering(() => new Response(new Uint8Array([1, 2])));
    const buffer = await api.activations('r1', { kind: 'given', values: [0.5] });
    expect(buffer.byteLength).toBe(2);
    expect(seen[0]?.init.headers).toMatchObject({ accept: SAFETENSORS });
  });

  it('makes one error of every refusal', async () => {
    const body = {
      status: 422,
      code: 'spec_broken',
      message: { en: 'no', zh: '不' },
      problems: [{ code: 'x' }],
      params: { a: 1 },
    };
    const { api } = answering(() => json(body, 422));
    const error = await api.catalog().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 422, code: 'spec_broken', text: { zh: '不' } });
    expect((error as ApiError).problems).toHaveLength(1);
  });

  it('survives an answer that is no JSON, and no answer at all', async () => {
    const { api } = answering(() => new Response('<html>', { status: 502, statusText: 'Bad' }));
    await expect(api.presets()).rejects.toMatchObject({ status: 502, code: 'unknown' });
    const lost = new Api('/api/v1', () => Promise.reject(new TypeError('failed')));
    await expect(lost.presets()).rejects.toMatchObject({ status: 0, code: 'offline' });
  });

  it('passes an abort on as it is', async () => {
    const abort = new DOMException('gone', 'AbortError');
    const api = new Api('/api/v1', () => Promise.reject(abort));
    await expect(api.presets()).rejects.toBe(abort);
  });
});
