// The client of the server's OpenAPI document: addresses, parameters, bodies and answers have its types. Every
// failure is an ApiError.
import createClient, { type FetchOptions } from 'openapi-fetch';
import type { paths } from './api.generated';
import { ApiError, errorOf } from './errors';
import type { Written } from './types';

export const SAFETENSORS = 'application/vnd.safetensors';
export type Fetch = (request: Request) => Promise<Response>;

/** Options of a call that is answered in tensors. */
export const AS_TENSORS = { parseAs: 'arrayBuffer', headers: { accept: SAFETENSORS } } as const;

/** Options of a call that sends a file. The document calls its bytes a string; they are sent as they are. */
export function sending(file: Blob, type: string) {
  return { body: '', bodySerializer: () => file, headers: { 'content-type': type } };
}

/** `fetcher`, but what is no success is thrown. An abort is passed on as it is. */
export function strictly(fetcher: Fetch): Fetch {
  return async (request) => {
    let response: Response;
    try {
      response = await fetcher(request);
    } catch (error) {
      if (error instanceof DOMException && error.name === 'AbortError') throw error;
      throw ApiError.offline();
    }
    if (!response.ok) throw await errorOf(response);
    return response;
  };
}

type Method = 'get' | 'post' | 'patch' | 'delete';
type Operation<P extends keyof paths, M extends Method> = NonNullable<paths[P][M]>;
type With<M extends Method> = {
  [P in keyof paths]: Operation<P, M> extends never ? never : P;
}[keyof paths];
type Options<O> = FetchOptions<O> & { parseAs?: 'json' | 'arrayBuffer' };
type Success<O> = O extends { responses: infer R } ? R[keyof R & (200 | 201 | 202)] : never;
/** What a call is answered with: tensors where they are asked for. */
type Answer<O, I> = I extends { parseAs: 'arrayBuffer' }
  ? ArrayBuffer
  : Success<O> extends { content: infer C }
    ? Written<C[keyof C]>
    : undefined;
type Call<M extends Method> = <P extends With<M>, I extends Options<Operation<P, M>>>(
  path: P,
  ...options: object extends Options<Operation<P, M>> ? [I?] : [I]
) => Promise<Answer<Operation<P, M>, I>>;

/** The calls of the document. The server writes every field, those with a default, too. */
export type Http = { [M in Method as Uppercase<M>]: Call<M> };

/** `fetcher` throws what is no success. */
export function httpOf(origin: string, fetcher: Fetch): Http {
  const headers = { accept: 'application/json' };
  const client = createClient<paths>({ baseUrl: origin, fetch: fetcher, headers });
  type Asked = (path: never, options: never) => Promise<{ data?: unknown }>;
  const data = (asked: Asked) => async (path: never, options: never) =>
    (await asked(path, options)).data;
  const { GET, POST, PATCH, DELETE } = client;
  return { GET: data(GET), POST: data(POST), PATCH: data(PATCH), DELETE: data(DELETE) } as Http;
}
