import '@mantine/core/styles/Combobox.css';
import { Button, CloseButton, Select, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { changeGroup, type Group, makeGroup, removeGroup } from '../../api/groups';
import { PersonFace } from '../../wiki/PersonFace';
import { groupsQuery, peopleQuery } from '../../wiki/queries';
import { Loading, Trouble } from '../../wiki/Trouble';
import { Confirm } from './Confirm';
import { useChange } from './useChange';

const KEYS = [['groups']] as const;

export default function Groups() {
  const { t } = useTranslation();
  const groups = useQuery(groupsQuery);
  const { run, isBusy } = useChange(KEYS);
  const [name, setName] = useState('');
  const make = async (): Promise<void> => {
    if (await run(() => makeGroup(name.trim()))) setName('');
  };
  return (
    <>
      <form
        className="side-tools"
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim() !== '') void make();
        }}
      >
        <TextInput
          className="grow"
          label={t('admin.groups.new')}
          placeholder={t('admin.groups.hint')}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Button type="submit" loading={isBusy} disabled={name.trim() === ''}>
          {t('admin.groups.make')}
        </Button>
      </form>
      {groups.isPending && <Loading label={t('admin.loading')} />}
      {groups.data === undefined && groups.isError && (
        <Trouble error={groups.error} retry={() => void groups.refetch()} />
      )}
      {groups.data?.length === 0 && <p className="list-empty">{t('admin.groups.none')}</p>}
      {(groups.data ?? []).map((group) => (
        <OneGroup key={group.id} group={group} />
      ))}
    </>
  );
}

function OneGroup({ group }: { group: Group }) {
  const { t } = useTranslation();
  const people = useQuery(peopleQuery);
  const { run } = useChange(KEYS);
  const [name, setName] = useState(group.name);
  const [isRemoving, setRemoving] = useState(false);
  const members = (people.data ?? []).filter((person) => group.people.includes(person.id));
  const others = (people.data ?? []).filter(
    (person) => !group.people.includes(person.id) && !person.suspended,
  );
  const rename = (): void => {
    const wanted = name.trim();
    if (wanted === '') setName(group.name);
    else if (wanted !== group.name) void run(() => changeGroup(group.id, { name: wanted }), t('admin.saved'));
  };
  return (
    <section className="group" aria-label={group.name}>
      <div className="side-tools">
        <TextInput
          className="grow"
          aria-label={t('admin.groups.name')}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          onBlur={rename}
          onKeyDown={(event) => event.key === 'Enter' && !event.nativeEvent.isComposing && rename()}
        />
        <Select
          aria-label={t('admin.groups.add', { name: group.name })}
          placeholder={t('admin.groups.addHint')}
          searchable
          value={null}
          data={others.map((person) => ({ value: person.id, label: person.name }))}
          nothingFoundMessage={t('admin.people.none')}
          onChange={(id) => id !== null && void run(() => changeGroup(group.id, { add: [id] }))}
        />
        <Button variant="subtle" color="red" onClick={() => setRemoving(true)}>
          {t('admin.groups.remove')}
        </Button>
      </div>
      {members.length === 0 && <p className="about">{t('admin.groups.empty')}</p>}
      <ul className="members">
        {members.map((person) => (
          <li key={person.id}>
            <PersonFace person={person} size={24} />
            <span dir="auto">{person.name}</span>
            <CloseButton
              size="sm"
              aria-label={t('admin.groups.take', { name: person.name })}
              onClick={() => void run(() => changeGroup(group.id, { remove: [person.id] }))}
            />
          </li>
        ))}
      </ul>
      {isRemoving && (
        <Confirm
          title={t('admin.groups.removeTitle', { name: group.name })}
          text={t('admin.groups.removeText')}
          label={t('admin.groups.remove')}
          close={() => setRemoving(false)}
          confirm={() => void run(() => removeGroup(group.id))}
        />
      )}
    </section>
  );
}
