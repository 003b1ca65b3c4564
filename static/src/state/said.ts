// Whatever went wrong, as words in both languages where the server has said it.
import { ApiError } from '../protocol/errors';

export function said(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new ApiError(0, { code: 'unknown', message: { en: text, zh: text } });
}
