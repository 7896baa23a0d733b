import type { TFunction } from 'i18next';

/** As the server has it; said before the first try. */
export const PASSWORD_CHARACTERS_MIN = 10;
export const PASSWORD_CHARACTERS_MAX = 256;

export function passwordFault(password: string, t: TFunction): string | null {
  const characters = Array.from(password).length;
  if (characters < PASSWORD_CHARACTERS_MIN) return t('outside.passwordShort');
  return characters > PASSWORD_CHARACTERS_MAX ? t('outside.passwordLong') : null;
}

export function emailFault(email: string, t: TFunction): string | null {
  if (email.trim() === '') return t('outside.needEmail');
  // Whether mail arrives there only a mail can tell.
  return /^\S+@\S+$/.test(email.trim()) ? null : t('outside.badEmail');
}

export const nameFault = (name: string, t: TFunction): string | null =>
  name.trim() === '' ? t('outside.needName') : null;
