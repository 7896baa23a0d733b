import '../locales/grant';
import '@mantine/core/styles/Combobox.css';
import { CloseButton, NativeSelect, Select } from '@mantine/core';
import { IconUsersGroup } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { atLeast, type Grant, LEVELS, type Level, type Who, whoKey } from '../api/spaces';
import { PersonFace } from './PersonFace';
import { groupsQuery, meQuery, peopleQuery } from './queries';

const whoOf = (key: string): Who => {
  const [kind, id = ''] = key.split(':');
  return kind === 'group' ? { group: id } : { person: id };
};

/** Who may what: people and groups with their levels, to be added, changed and removed. */
export function GrantEditor({
  grants,
  own,
  onSet,
  onRemove,
  disabled = false,
}: {
  grants: readonly Grant[];
  /** Nobody gives more than they have. */
  own: Level;
  onSet: (grant: Grant) => void;
  onRemove: (who: Who) => void;
  disabled?: boolean;
}) {
  const { t } = useTranslation();
  const [level, setLevel] = useState<Level>(atLeast(own, 'edit') ? 'edit' : 'view');
  const people = useQuery(peopleQuery);
  const groups = useQuery(groupsQuery);
  const me = useQuery(meQuery);
  const taken = new Set(grants.map(({ who }) => whoKey(who)));
  const levels = LEVELS.filter((one) => atLeast(own, one));
  const free = <T extends { value: string }>(entries: T[]): T[] =>
    entries.filter(({ value }) => !taken.has(value));
  const choices = [
    {
      group: t('grant.people'),
      items: free(
        (people.data ?? [])
          .filter((person) => !person.suspended)
          .map((person) => ({
            value: `person:${person.id}`,
            label: person.email === null ? person.name : `${person.name} (${person.email})`,
          })),
      ),
    },
    {
      group: t('grant.groups'),
      items: free((groups.data ?? []).map((group) => ({ value: `group:${group.id}`, label: group.name }))),
    },
  ];
  const levelData = levels.map((one) => ({ value: one, label: t(`level.${one}`) }));
  return (
    <div className="grants">
      {!disabled && (
        <div className="grant-add">
          <Select
            aria-label={t('grant.add')}
            placeholder={t('grant.add')}
            searchable
            data={choices}
            value={null}
            nothingFoundMessage={t('grant.nobody')}
            comboboxProps={{ withinPortal: true, zIndex: 400 }}
            onChange={(key) => key !== null && onSet({ who: whoOf(key), level })}
          />
          <NativeSelect
            aria-label={t('grant.newLevel')}
            data={levelData}
            value={level}
            onChange={(event) => setLevel(event.currentTarget.value as Level)}
          />
        </div>
      )}
      <ul className="grant-list">
        {grants.map(({ who, level: given }) => {
          const person = 'person' in who ? people.data?.find((one) => one.id === who.person) : undefined;
          const group = 'group' in who ? groups.data?.find((one) => one.id === who.group) : undefined;
          const name = person?.name ?? group?.name ?? t('grant.unknown');
          const isMe = person !== undefined && person.id === me.data?.id;
          // Whoever has more than oneself is not for one to change.
          const isFixed = disabled || !atLeast(own, given);
          return (
            <li key={whoKey(who)}>
              {person === undefined ? (
                <span className="grant-group" aria-hidden>
                  <IconUsersGroup size={16} />
                </span>
              ) : (
                <PersonFace person={person} size={28} />
              )}
              <span className="grant-name" dir="auto">
                {isMe ? t('grant.you', { name }) : name}
                {group !== undefined && <small>{t('grant.count', { count: group.people.length })}</small>}
              </span>
              {isFixed ? (
                <span className="grant-level">{t(`level.${given}`)}</span>
              ) : (
                <>
                  <NativeSelect
                    size="xs"
                    aria-label={t('grant.level', { name })}
                    data={levelData}
                    value={given}
                    onChange={(event) => onSet({ who, level: event.currentTarget.value as Level })}
                  />
                  <CloseButton
                    aria-label={t('grant.remove', { name })}
                    title={t('grant.remove', { name })}
                    onClick={() => onRemove(who)}
                  />
                </>
              )}
            </li>
          );
        })}
      </ul>
    </div>
  );
}
