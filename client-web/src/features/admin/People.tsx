import { ActionIcon, Button, Menu, NativeSelect, TextInput } from '@mantine/core';
import {
  IconBan,
  IconDots,
  IconKey,
  IconPlus,
  IconSearch,
  IconTrash,
  IconUserCheck,
} from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Me, ROLES, type Role } from '../../api/me';
import { changePerson, type Person, removePerson, resetPerson } from '../../api/people';
import { Once } from '../../ui/Once';
import { RelativeTime } from '../../ui/RelativeTime';
import { PersonFace } from '../../wiki/PersonFace';
import { peopleQuery } from '../../wiki/queries';
import { Loading, Trouble } from '../../wiki/Trouble';
import { Confirm } from './Confirm';
import { useChange } from './useChange';

const KEYS = [['people']] as const;

export default function People({ me }: { me: Me }) {
  const { t } = useTranslation();
  const people = useQuery(peopleQuery);
  const [query, setQuery] = useState('');
  const [reset, setReset] = useState<{ name: string; link: string } | null>(null);
  if (people.isPending) return <Loading label={t('admin.loading')} />;
  if (people.data === undefined) return <Trouble error={people.error} retry={() => void people.refetch()} />;
  const wanted = query.trim().toLocaleLowerCase();
  const shown = people.data.filter(({ name, email }) =>
    `${name} ${email ?? ''}`.toLocaleLowerCase().includes(wanted),
  );
  return (
    <>
      <div className="side-tools">
        <TextInput
          className="grow"
          type="search"
          aria-label={t('admin.people.search')}
          placeholder={t('admin.people.search')}
          leftSection={<IconSearch size={16} />}
          value={query}
          onChange={(event) => setQuery(event.currentTarget.value)}
        />
        <Button
          leftSection={<IconPlus size={17} />}
          renderRoot={(props) => <Link to="/admin/$section" params={{ section: 'invitations' }} {...props} />}
        >
          {t('admin.people.invite')}
        </Button>
      </div>
      {reset !== null && (
        <Once
          text={reset.link}
          about={t('admin.people.resetLink', { name: reset.name })}
          said={t('do.copied')}
        />
      )}
      {shown.length === 0 && <p className="list-empty">{t('admin.people.none')}</p>}
      <ul className="lines">
        {shown.map((person) => (
          <Line
            key={person.id}
            person={person}
            me={me}
            onReset={(link) => setReset({ name: person.name, link })}
          />
        ))}
      </ul>
    </>
  );
}

function Line({ person, me, onReset }: { person: Person; me: Me; onReset: (link: string) => void }) {
  const { t } = useTranslation();
  const { run } = useChange(KEYS);
  const [isRemoving, setRemoving] = useState(false);
  // Only an owner makes owners, or touches one.
  const roles = ROLES.filter((role) => role !== 'owner' || me.role === 'owner');
  const isFixed = person.role === 'owner' && me.role !== 'owner';
  return (
    <li>
      <PersonFace person={person} size={34} />
      <div className="line-main">
        <span dir="auto">{person.name}</span>
        {person.id === me.id && <span className="tag">{t('admin.you')}</span>}
        {person.suspended && (
          <span className="tag" data-tone="warn">
            {t('admin.people.suspended')}
          </span>
        )}
        <small>
          {person.email}
          {person.seen !== null && (
            <>
              {' · '}
              {t('admin.people.seen')} <RelativeTime at={person.seen} />
            </>
          )}
        </small>
      </div>
      <div className="line-end">
        <NativeSelect
          size="xs"
          aria-label={t('admin.people.role', { name: person.name })}
          disabled={isFixed}
          value={person.role}
          data={(isFixed ? ROLES : roles).map((value) => ({ value, label: t(`role.${value}`) }))}
          onChange={(event) => {
            const role = event.currentTarget.value as Role;
            void run(() => changePerson(person.id, { role }), t('admin.saved'));
          }}
        />
        {!isFixed && (
          <Menu position="bottom-end" withinPortal shadow="md">
            <Menu.Target>
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={t('admin.people.menu', { name: person.name })}
              >
                <IconDots size={18} />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item
                leftSection={<IconKey size={16} />}
                onClick={() => void run(async () => onReset(await resetPerson(person.id)))}
              >
                {t('admin.people.reset')}
              </Menu.Item>
              {person.id !== me.id && (
                <Menu.Item
                  leftSection={person.suspended ? <IconUserCheck size={16} /> : <IconBan size={16} />}
                  onClick={() =>
                    void run(
                      () => changePerson(person.id, { suspended: !person.suspended }),
                      t('admin.saved'),
                    )
                  }
                >
                  {t(person.suspended ? 'admin.people.unsuspend' : 'admin.people.suspend')}
                </Menu.Item>
              )}
              {me.role === 'owner' && person.id !== me.id && (
                <Menu.Item
                  className="menu-grave"
                  leftSection={<IconTrash size={16} />}
                  onClick={() => setRemoving(true)}
                >
                  {t('admin.people.remove')}
                </Menu.Item>
              )}
            </Menu.Dropdown>
          </Menu>
        )}
      </div>
      {isRemoving && (
        <Confirm
          title={t('admin.people.removeTitle', { name: person.name })}
          text={t('admin.people.removeText')}
          label={t('admin.people.remove')}
          close={() => setRemoving(false)}
          confirm={() =>
            void run(() => removePerson(person.id), t('admin.people.removed', { name: person.name }))
          }
        />
      )}
    </li>
  );
}
