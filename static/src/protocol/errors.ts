// Errors of the API as one class: RFC 9457 problem+json with a code, a message in both languages and places.
import type { Problem, Text } from './types';

interface ProblemDocument {
  code?: string;
  status?: number;
  title?: string;
  detail?: string;
  message?: Text;
  params?: Record<string, unknown>;
  problems?: Problem[];
}

/** A request that did not succeed. `status` 0 means that no answer came. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly text: Text;
  readonly params: Record<string, unknown>;
  readonly problems: Problem[];

  constructor(status: number, body: ProblemDocument) {
    const said = body.detail ?? body.title ?? `HTTP ${status}`;
    const text = body.message ?? { en: said, zh: said };
    super(text.en);
    this.name = 'ApiError';
    this.status = status;
    this.code = body.code ?? 'unknown';
    this.text = text;
    this.params = body.params ?? {};
    this.problems = body.problems ?? [];
  }

  static offline(): ApiError {
    return new ApiError(0, {
      code: 'offline',
      message: {
        en: 'The server does not answer. Check the connection, then try again.',
        zh: '服务器没有应答。请检查网络连接后重试。',
      },
    });
  }
}

/** The error of an answer that was not a success. */
export async function errorOf(response: Response): Promise<ApiError> {
  let body: ProblemDocument = {};
  try {
    const parsed: unknown = await response.json();
    if (typeof parsed === 'object' && parsed !== null) body = parsed;
  } catch {
    body = { title: response.statusText || `HTTP ${response.status}` };
  }
  return new ApiError(response.status, body);
}
