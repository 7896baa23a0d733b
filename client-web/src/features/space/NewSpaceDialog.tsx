import '../../locales/space';
import '@mantine/core/styles/Radio.css';
import { Button, Radio, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../../api/request';
import { makeSpace } from '../../api/spaces';
import { Dialog } from '../../ui/Dialog';
import { putSpace } from '../../wiki/cache';
import { explain } from '../../wiki/explain';

export default function NewSpaceDialog({ close }: { close: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [fault, setFault] = useState<string | null>(null);
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { name: '', description: '', open: 'edit' },
    validate: { name: (name) => (name.trim() === '' ? t('space.needName') : null) },
  });
  const submit = form.onSubmit(async ({ name, description, open }) => {
    setFault(null);
    try {
      const space = await makeSpace({
        name: name.trim(),
        description: description.trim(),
        members: open === 'edit' || open === 'view' ? open : null,
      });
      putSpace(client, space);
      close();
      await navigate({ to: '/$space', params: { space: space.slug } });
    } catch (error) {
      if (error instanceof ApiError && error.field === 'name') form.setFieldError('name', explain(error, t));
      else setFault(explain(error, t));
    }
  });
  return (
    <Dialog opened onClose={close} title={t('app.newSpace')}>
      <form className="form" onSubmit={submit} noValidate>
        <TextInput
          data-autofocus
          label={t('space.name')}
          key={form.key('name')}
          {...form.getInputProps('name')}
        />
        <Textarea
          label={t('space.description')}
          description={t('space.descriptionHelp')}
          rows={2}
          key={form.key('description')}
          {...form.getInputProps('description')}
        />
        <Radio.Group label={t('space.who')} key={form.key('open')} {...form.getInputProps('open')}>
          <Radio mt="xs" value="edit" label={t('space.openEdit')} />
          <Radio mt="xs" value="view" label={t('space.openView')} />
          <Radio mt="xs" value="private" label={t('space.private')} />
        </Radio.Group>
        <div role="alert">{fault !== null && <p className="form-fault">{fault}</p>}</div>
        <div className="form-end">
          <Button variant="default" onClick={close}>
            {t('do.cancel')}
          </Button>
          <Button type="submit" loading={form.submitting}>
            {t('space.make')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
