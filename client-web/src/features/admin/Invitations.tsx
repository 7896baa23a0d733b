import '@mantine/core/styles/Combobox.css';
import '@mantine/core/styles/PillsInput.css';
import '@mantine/core/styles/Pill.css';
import { Button, MultiSelect, NativeSelect, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Me, ROLES, type Role } from '../../api/me';
import { type Invitation, invite, revokeInvitation } from '../../api/people';
import type { Level } from '../../api/spaces';
import { Once } from '../../ui/Once';
import { RelativeTime } from '../../ui/RelativeTime';
import { invitationsQuery, peopleQuery, spacesQuery } from '../../wiki/queries';
import { Loading, Trouble } from '../../wiki/Trouble';
import { useChange } from './useChange';

const KEYS = [['invitations']] as const;

export default function Invitations({ me }: { me: Me }) {
  const { t } = useTranslation();
  const [made, setMade] = useState<{ link: string; sent: boolean; email: string } | null>(null);
  const invitations = useQuery(invitationsQuery);
  return (
    <>
      <InviteForm me={me} onMade={setMade} />
      {made !== null && (
        <Once
          text={made.link}
          about={t(made.sent ? 'admin.invitations.sent' : 'admin.invitations.once', { email: made.email })}
          said={t('do.copied')}
        />
      )}
      <h2>{t('admin.invitations.open')}</h2>
      {invitations.isPending && <Loading label={t('admin.loading')} />}
      {invitations.data === undefined && invitations.isError && (
        <Trouble error={invitations.error} retry={() => void invitations.refetch()} />
      )}
      {invitations.data?.length === 0 && <p className="list-empty">{t('admin.invitations.none')}</p>}
      <ul className="lines">
        {(invitations.data ?? []).map((one) => (
          <Line key={one.id} invitation={one} />
        ))}
      </ul>
    </>
  );
}

function InviteForm(props: {
  me: Me;
  onMade: (made: { link: string; sent: boolean; email: string }) => void;
}) {
  const { t } = useTranslation();
  const spaces = useQuery(spacesQuery);
  const { run, isBusy } = useChange(KEYS);
  const form = useForm({
    initialValues: { email: '', role: 'member', spaces: [] as string[], level: 'edit' },
    validate: {
      email: (email) =>
        email.trim() === '' || /^\S+@\S+$/.test(email.trim()) ? null : t('admin.invitations.badEmail'),
    },
  });
  const roles = ROLES.filter((role) => role !== 'owner' || props.me.role === 'owner');
  const submit = form.onSubmit((values) =>
    run(async () => {
      const email = values.email.trim();
      const answer = await invite({
        ...(email === '' ? {} : { email }),
        role: values.role as Role,
        spaces: values.spaces.map((space) => ({ space, level: values.level as Level })),
      });
      props.onMade({ ...answer, email });
      form.reset();
    }),
  );
  const managed = (spaces.data ?? []).filter((space) => space.level === 'manage');
  return (
    <form className="form side-narrow" onSubmit={submit} noValidate>
      <TextInput
        type="email"
        label={t('admin.invitations.email')}
        description={t('admin.invitations.emailHelp')}
        {...form.getInputProps('email')}
      />
      <NativeSelect
        label={t('admin.invitations.role')}
        description={t(`admin.roleHelp.${form.values.role}`)}
        data={roles.map((value) => ({ value, label: t(`role.${value}`) }))}
        {...form.getInputProps('role')}
      />
      <MultiSelect
        label={t('admin.invitations.spaces')}
        description={t('admin.invitations.spacesHelp')}
        data={managed.map((space) => ({ value: space.id, label: space.name }))}
        searchable
        {...form.getInputProps('spaces')}
      />
      {form.values.spaces.length > 0 && (
        <NativeSelect
          label={t('admin.invitations.level')}
          data={(['view', 'comment', 'edit', 'manage'] as const).map((value) => ({
            value,
            label: t(`level.${value}`),
          }))}
          {...form.getInputProps('level')}
        />
      )}
      <div>
        <Button type="submit" loading={isBusy}>
          {t('admin.invitations.make')}
        </Button>
      </div>
    </form>
  );
}

function Line({ invitation }: { invitation: Invitation }) {
  const { t, i18n } = useTranslation();
  const people = useQuery(peopleQuery);
  const spaces = useQuery(spacesQuery);
  const { run, isBusy } = useChange(KEYS);
  const by = people.data?.find((person) => person.id === invitation.by)?.name ?? invitation.by;
  const names = invitation.spaces
    .map(({ space }) => spaces.data?.find((one) => one.id === space)?.name)
    .filter((name) => name !== undefined);
  return (
    <li>
      <div className="line-main">
        {invitation.email ?? t('admin.invitations.anybody')}
        <span className="tag">{t(`role.${invitation.role}`)}</span>
        <small>
          {by === null ? '' : `${by} · `}
          <RelativeTime at={invitation.created} />
          {invitation.expires !== null &&
            ` · ${t('admin.invitations.until', {
              date: new Date(invitation.expires).toLocaleDateString(i18n.language),
            })}`}
          {names.length > 0 && ` · ${names.join(', ')}`}
        </small>
      </div>
      <Button
        size="xs"
        variant="default"
        disabled={isBusy}
        onClick={() => void run(() => revokeInvitation(invitation.id), t('admin.invitations.revoked'))}
      >
        {t('admin.invitations.revoke')}
      </Button>
    </li>
  );
}
