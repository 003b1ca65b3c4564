// One request to /api/v1; every failure is an ApiError.
import { ApiError, errorOf } from './errors';

export const SAFETENSORS = 'application/vnd.safetensors';
type Fetch = typeof fetch;

interface Options {
  method?: string;
  body?: unknown;
  /** Sent as it is, in place of JSON. */
  file?: Blob;
  accept?: string;
  signal?: AbortSignal | undefined;
}

export class Requests {
  readonly base: string;
  readonly #fetch: Fetch;

  constructor(base = '/api/v1', fetcher: Fetch = (...args) => fetch(...args)) {
    this.base = base;
    this.#fetch = fetcher;
  }

  protected async send(
    path: string,
    { method = 'GET', body, file, accept, signal }: Options,
  ): Promise<Response> {
    const headers: Record<string, string> = { accept: accept ?? 'application/json' };
    const request: RequestInit = { method, headers };
    if (signal) request.signal = signal;
    if (body instanceof Blob) {
      headers['content-type'] = SAFETENSORS;
      request.body = body;
    } else if (body !== undefined) {
      headers['content-type'] = 'application/json';
      request.body = JSON.stringify(body);
    }
    if (file) {
      headers['content-type'] = 'application/octet-stream';
      request.body = file;
    }
    let response: Response;
    try {
      response = await this.#fetch(this.base + path, request);
    } catch (error) {
      if (error instanceof DOMException && error.name === 'AbortError') throw error;
      throw ApiError.offline();
    }
    if (!response.ok) throw await errorOf(response);
    return response;
  }

  protected async json<T>(path: string, options: Options = {}): Promise<T> {
    return (await (await this.send(path, options)).json()) as T;
  }

  protected async bytes(path: string, options: Options = {}): Promise<ArrayBuffer> {
    return (await this.send(path, { accept: SAFETENSORS, ...options })).arrayBuffer();
  }
}
