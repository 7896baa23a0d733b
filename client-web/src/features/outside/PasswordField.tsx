import type { PasswordInputProps } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { SecretInput } from '../../ui/SecretInput';

/** A password with a way to look at it. The rule is said before it is broken. */
export function PasswordField({ isNew, ...props }: PasswordInputProps & { isNew: boolean }) {
  const { t } = useTranslation();
  return (
    <SecretInput
      {...props}
      {...(isNew ? { description: t('outside.passwordRule') } : {})}
      autoComplete={isNew ? 'new-password' : 'current-password'}
    />
  );
}
