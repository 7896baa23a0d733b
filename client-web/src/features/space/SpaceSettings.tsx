import { Button, Switch, Textarea, TextInput } from '@mantine/core';
import { Dialog } from '../../ui/Dialog';
import '@mantine/core/styles/Switch.css';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../../api/request';
import { changeSpace, removeSpace, type Space } from '../../api/spaces';
import { toast } from '../../ui/toasts';
import { RESERVED_WORDS } from '../../wiki/address';
import { dropSpace, putSpace } from '../../wiki/cache';
import { explain } from '../../wiki/explain';
import { SpaceIcon } from '../../wiki/PageIcon';
import { SignDialog } from './SignDialog';

const SLUG = /^[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,38}[\p{L}\p{N}])?$/u;

export default function SpaceSettings({ space }: { space: Space }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [fault, setFault] = useState<string | null>(null);
  const [isRemoving, setRemoving] = useState(false);
  const [isChoosing, setChoosing] = useState(false);
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { name: space.name, slug: space.slug, description: space.description },
    validate: {
      name: (name) => (name.trim() === '' ? t('space.needName') : null),
      slug: (slug) => (SLUG.test(slug) && !RESERVED_WORDS.has(slug) ? null : t('space.badSlug')),
    },
  });
  const change = async (wish: Parameters<typeof changeSpace>[1]): Promise<Space | null> => {
    try {
      const now = await changeSpace(space.id, wish);
      putSpace(client, now);
      return now;
    } catch (error) {
      const field = error instanceof ApiError ? error.field : null;
      if (field === 'name' || field === 'slug') form.setFieldError(field, explain(error, t));
      else setFault(explain(error, t));
      return null;
    }
  };
  const submit = form.onSubmit(async (values) => {
    setFault(null);
    const now = await change({
      name: values.name.trim(),
      slug: values.slug,
      description: values.description.trim(),
    });
    if (now === null) return;
    toast(t('space.saved'));
    form.resetDirty();
    if (now.slug !== space.slug)
      await navigate({ to: '/$space', params: { space: now.slug }, replace: true });
  });
  return (
    <div className="space-part">
      <form className="form" onSubmit={submit} noValidate>
        <div className="space-name">
          <Button variant="default" aria-label={t('space.icon')} onClick={() => setChoosing(true)}>
            <SpaceIcon icon={space.icon} size={20} />
          </Button>
          <TextInput label={t('space.name')} key={form.key('name')} {...form.getInputProps('name')} />
        </div>
        <TextInput
          label={t('space.slug')}
          description={t('space.slugHelp')}
          leftSection={<span aria-hidden>/</span>}
          key={form.key('slug')}
          {...form.getInputProps('slug')}
        />
        <Textarea
          label={t('space.description')}
          description={t('space.descriptionHelp')}
          autosize
          minRows={2}
          key={form.key('description')}
          {...form.getInputProps('description')}
        />
        <div role="alert">{fault !== null && <p className="form-fault">{fault}</p>}</div>
        <div>
          <Button type="submit" loading={form.submitting}>
            {t('do.save')}
          </Button>
        </div>
      </form>
      <h2>{t('space.closing')}</h2>
      {space.canArchive && (
        <Switch
          label={t('space.archive')}
          description={t('space.archiveHelp')}
          checked={space.archived}
          onChange={(event) => void change({ archived: event.currentTarget.checked })}
        />
      )}
      <div>
        <Button color="red" variant="light" onClick={() => setRemoving(true)}>
          {t('space.remove')}
        </Button>
      </div>
      {isRemoving && <RemoveDialog space={space} close={() => setRemoving(false)} />}
      {isChoosing && (
        <SignDialog
          hasIcon={space.icon !== null}
          close={() => setChoosing(false)}
          choose={(icon) => void change({ icon })}
        />
      )}
    </div>
  );
}

/** Its name is typed, because everything in it goes. */
function RemoveDialog(props: { space: Space; close: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [typed, setTyped] = useState('');
  const [why, setWhy] = useState<string | null>(null);
  const remove = async (): Promise<void> => {
    try {
      await removeSpace(props.space.id, typed);
      await navigate({ to: '/' });
      dropSpace(client, props.space.id);
      toast(t('space.removed', { name: props.space.name }));
    } catch (error) {
      setWhy(explain(error, t));
    }
  };
  return (
    <Dialog opened onClose={props.close} title={t('space.removeTitle', { name: props.space.name })}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          void remove();
        }}
      >
        <p>{t('space.removeText')}</p>
        <TextInput
          data-autofocus
          label={t('space.removeType', { name: props.space.name })}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
        <div role="alert">{why !== null && <p className="form-fault">{why}</p>}</div>
        <div className="form-end">
          <Button variant="default" onClick={props.close}>
            {t('do.cancel')}
          </Button>
          <Button type="submit" color="red" disabled={typed !== props.space.name}>
            {t('space.remove')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
