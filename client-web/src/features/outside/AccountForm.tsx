import { Button, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../../api/request';
import { explain } from '../../wiki/explain';
import { Fault } from './Frame';
import { emailFault, nameFault, passwordFault } from './fields';
import { PasswordField } from './PasswordField';

export interface Account {
  name: string;
  email: string;
  password: string;
}

/** The three things that make an account. */
export function AccountForm({
  email,
  submitLabel,
  onSubmit,
}: {
  /** Given when it is settled already. */
  email?: string | undefined;
  submitLabel: string;
  onSubmit: (account: Account) => Promise<void>;
}) {
  const { t } = useTranslation();
  const [fault, setFault] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const form = useForm<Account>({
    mode: 'uncontrolled',
    initialValues: { name: '', email: email ?? '', password: '' },
    validate: {
      name: (name) => nameFault(name, t),
      email: (address) => emailFault(address, t),
      password: (password) => passwordFault(password, t),
    },
  });
  const submit = form.onSubmit(async (values) => {
    setBusy(true);
    setFault(null);
    try {
      await onSubmit({ ...values, name: values.name.trim(), email: values.email.trim() });
    } catch (error) {
      setBusy(false);
      const field = error instanceof ApiError ? error.field : null;
      if (field !== null && field in values) form.setFieldError(field, explain(error, t));
      else setFault(explain(error, t));
    }
  });
  return (
    <form className="form" onSubmit={submit} noValidate>
      <TextInput
        label={t('outside.name')}
        description={t('outside.nameHelp')}
        autoComplete="name"
        autoFocus
        key={form.key('name')}
        {...form.getInputProps('name')}
      />
      <TextInput
        type="email"
        label={t('outside.email')}
        autoComplete="email"
        readOnly={email !== undefined}
        key={form.key('email')}
        {...form.getInputProps('email')}
      />
      <PasswordField
        isNew
        label={t('outside.choosePassword')}
        key={form.key('password')}
        {...form.getInputProps('password')}
      />
      <Fault text={fault} />
      <Button type="submit" fullWidth loading={isBusy}>
        {submitLabel}
      </Button>
    </form>
  );
}
