import type { TFunction } from 'i18next';
import i18next from 'i18next';
import { ApiError } from '../api/request';

/** What went wrong and what to do, in the person's language. */
export function explain(error: unknown, t: TFunction): string {
  if (!(error instanceof ApiError)) return t('error.answer');
  if (error.status === null) return t('error.unreachable');
  if (error.code === 'locked_out') return t('error.locked_out', { time: waiting(error.retryAfter ?? 60, t) });
  if (error.code !== null && i18next.exists(`error.${error.code}`)) {
    // The server's own words say more about what is invalid than we could.
    if (error.code === 'invalid' && error.words !== null && i18next.language === 'en') return error.words;
    if (error.code === 'invalid' && error.field === 'password') return t('error.invalid_password');
    return t(`error.${error.code}`);
  }
  if (error.status === 413) return t('error.too_large');
  if (error.status >= 500) return t('error.server');
  return error.words ?? t('error.answer');
}

function waiting(seconds: number, t: TFunction): string {
  if (seconds < 90) return t('error.seconds', { count: Math.max(1, Math.ceil(seconds)) });
  return t('error.minutes', { count: Math.ceil(seconds / 60) });
}

export const hasCode = (error: unknown, code: string): boolean =>
  error instanceof ApiError && error.code === code;

export const hasStatus = (error: unknown, status: number): boolean =>
  error instanceof ApiError && error.status === status;
