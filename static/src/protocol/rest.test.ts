import { describe, expect, it } from 'vitest';
import { ApiError } from './errors';
import { SAFETENSORS } from './requests';
import { Api } from './rest';

const ORIGIN = 'http://glassnet.test';

/** The network is replaced: what is tested is what goes out and what becomes of an answer. */
function answering(response: () => Response): { api: Api; seen: Request[] } {
  const seen: Request[] = [];
  const fetcher = (request: Request) => {
    seen.push(request);
    return Promise.resolve(response());
  };
  return { api: new Api(ORIGIN, fetcher), seen };
}

const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status });

describe('the client', () => {
  it('posts commands as JSON and gives back what was applied', async () => {
    const { api, seen } = answering(() => json({ step: 3, branch: 0, seq: 9, waiting: false }));
    expect((await api.command('r1', { type: 'set_speed', steps_per_second: null })).seq).toBe(9);
    expect(seen[0]?.url).toBe(`${ORIGIN}/api/v1/runs/r1/commands`);
    expect(seen[0]?.method).toBe('POST');
    expect(await seen[0]?.json()).toEqual({ type: 'set_speed', steps_per_second: null });
  });

  it('asks for tensors by their media type', async () => {
    const { api, seen } = answering(() => new Response(new Uint8Array([1, 2])));
    const buffer = await api.activations('r1', { kind: 'given', values: [0.5] });
    expect(buffer.byteLength).toBe(2);
    expect(seen[0]?.headers.get('accept')).toBe(SAFETENSORS);
  });

  it('sends a file as its bytes, with what is to be made of it in the address', async () => {
    const { api, seen } = answering(() => json({ id: 'u1', state: 'reading' }, 202));
    await api.upload(new File(['a,b'], 'rows.csv'), { size: 28, colour: 'grey' });
    expect(new URL(seen[0]?.url ?? '').search).toBe('?filename=rows.csv&size=28&colour=grey');
    expect(seen[0]?.headers.get('content-type')).toBe('application/octet-stream');
    expect(await seen[0]?.text()).toBe('a,b');
  });

  it('writes names into addresses so that they stay one part', async () => {
    const { api, seen } = answering(() => json({}));
    await api.run('a/b');
    expect(seen[0]?.url).toBe(`${ORIGIN}/api/v1/runs/a%2Fb`);
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
    const lost = new Api(ORIGIN, () => Promise.reject(new TypeError('failed')));
    await expect(lost.presets()).rejects.toMatchObject({ status: 0, code: 'offline' });
  });

  it('passes an abort on as it is', async () => {
    const abort = new DOMException('gone', 'AbortError');
    const api = new Api(ORIGIN, () => Promise.reject(abort));
    await expect(api.presets()).rejects.toBe(abort);
  });
});
