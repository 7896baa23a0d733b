import { Button, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { useId, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Me, removePicture, setPicture } from '../../api/me';
import { NAME_CHARACTERS_MAX, PALETTE } from '../../sync/person';
import { toast } from '../../ui/toasts';
import { explain } from '../../wiki/explain';
import { useOwnSettings } from '../../wiki/me';
import { PersonFace } from '../../wiki/PersonFace';
import { meQuery } from '../../wiki/queries';
import { squarePicture } from './square';

export function Profile({ me }: { me: Me }) {
  const { t } = useTranslation();
  const own = useOwnSettings();
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { name: me.name },
    validate: { name: (name) => (name.trim() === '' ? t('own.needName') : null) },
  });
  const submit = form.onSubmit(async ({ name }) => {
    if (await own.keep({ name: name.trim() })) toast(t('own.saved'));
  });
  return (
    <div className="side-narrow">
      <Picture me={me} />
      <form className="form" onSubmit={submit} noValidate>
        <TextInput
          label={t('own.name')}
          description={t('own.nameHelp')}
          maxLength={NAME_CHARACTERS_MAX}
          autoComplete="name"
          key={form.key('name')}
          {...form.getInputProps('name')}
        />
        <TextInput label={t('own.email')} description={t('own.emailHelp')} value={me.email} readOnly />
        <div>
          <Button type="submit" loading={form.submitting}>
            {t('do.save')}
          </Button>
        </div>
      </form>
      <Colors chosen={me.color} choose={(color) => void own.keep({ color })} />
    </div>
  );
}

function Picture({ me }: { me: Me }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const input = useRef<HTMLInputElement>(null);
  const [isBusy, setBusy] = useState(false);
  const run = async (work: () => Promise<Me>): Promise<void> => {
    setBusy(true);
    try {
      client.setQueryData(meQuery.queryKey, await work());
      await client.invalidateQueries({ queryKey: ['people'] });
    } catch (error) {
      toast(explain(error, t), { tone: 'bad' });
    } finally {
      setBusy(false);
    }
  };
  const choose = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    const square = await squarePicture(file);
    if (square === null) toast(t('own.badPicture'), { tone: 'bad' });
    else await run(() => setPicture(square));
  };
  return (
    <div className="own-picture">
      <PersonFace person={me} size={72} />
      <div>
        <div className="line-end">
          <Button variant="default" loading={isBusy} onClick={() => input.current?.click()}>
            {t('own.choosePicture')}
          </Button>
          {me.picture !== null && (
            <Button
              variant="subtle"
              color="gray"
              onClick={() =>
                void run(async () => {
                  await removePicture();
                  return { ...me, picture: null };
                })
              }
            >
              {t('own.removePicture')}
            </Button>
          )}
        </div>
        <p className="about">{t('own.pictureHelp')}</p>
        <input
          ref={input}
          type="file"
          accept="image/png,image/jpeg,image/webp"
          hidden
          aria-label={t('own.choosePicture')}
          onChange={(event) => {
            void choose(event.currentTarget.files?.[0]);
            event.currentTarget.value = '';
          }}
        />
      </div>
    </div>
  );
}

function Colors({ chosen, choose }: { chosen: string; choose: (color: string) => void }) {
  const { t } = useTranslation();
  const id = useId();
  return (
    <div role="radiogroup" aria-labelledby={id}>
      <h2 id={id}>{t('settings.color')}</h2>
      <p className="about">{t('own.colorHelp')}</p>
      <div className="swatches">
        {PALETTE.map((color, index) => (
          <label key={color} className="swatch" style={{ '--swatch': color } as React.CSSProperties}>
            <input
              type="radio"
              name={id}
              value={color}
              checked={chosen === color}
              aria-label={t('settings.colorChoice', { number: index + 1 })}
              onChange={() => choose(color)}
            />
            <span aria-hidden />
          </label>
        ))}
      </div>
    </div>
  );
}
