import { Tooltip } from '@mantine/core';
import { useCallback, useRef, useState, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { type Guest, getPerson, inkOn, onPerson, readGuests, type Session } from '../../sync';
import { initials } from '../../ui/initials';
import { useFollow } from './useFollow';

const FACES_MAX = 5;
/** On a phone the title needs the room; the rest are counted. */
const FACES_MAX_NARROW = 2;

function useGuests(session: Session): Guest[] {
  const last = useRef<{ key: string; guests: Guest[] }>({ key: '', guests: [] });
  const subscribe = useCallback(
    (listener: () => void) => {
      session.awareness.on('change', listener);
      return () => session.awareness.off('change', listener);
    },
    [session],
  );
  return useSyncExternalStore(subscribe, () => {
    // Carets move with every key; faces are drawn anew only when somebody came, went or changed their name.
    const guests = readGuests(session.awareness);
    const key = JSON.stringify(guests);
    if (key !== last.current.key) last.current = { key, guests };
    return last.current.guests;
  });
}

export function Faces({ session }: { session: Session }) {
  const { t } = useTranslation();
  const person = useSyncExternalStore(onPerson, getPerson);
  const guests = useGuests(session);
  const { followed, follow } = useFollow(session);
  const [narrow] = useState(() => window.matchMedia('(max-width: 36em)').matches);
  const max = narrow ? FACES_MAX_NARROW : FACES_MAX;
  const shown = guests.slice(0, max);
  const rest = guests.length - shown.length;
  return (
    <ul className="faces" aria-label={t('page.people')} data-testid="faces">
      {shown.map((guest) => (
        <li key={guest.clientId}>
          <Face
            guest={guest}
            isFollowed={guest.clientId === followed}
            onClick={() => follow(guest.clientId === followed ? null : guest.clientId)}
          />
        </li>
      ))}
      {rest > 0 && (
        <li>
          <Tooltip label={t('page.more', { count: rest })}>
            <span
              className="face face-rest"
              role="img"
              aria-label={t('page.more', { count: rest })}
              data-initials={`+${rest}`}
            />
          </Tooltip>
        </li>
      )}
      <li className="face-own">
        <Tooltip label={t('page.you', { name: person.name })}>
          <span
            className="face"
            role="img"
            aria-label={t('page.you', { name: person.name })}
            style={{ background: person.color, color: inkOn(person.color) }}
            data-initials={initials(person.name)}
          />
        </Tooltip>
      </li>
    </ul>
  );
}

function Face(props: { guest: Guest; isFollowed: boolean; onClick: () => void }) {
  const { guest, isFollowed } = props;
  const { t } = useTranslation();
  const name = guest.name ?? t('page.guest');
  const label = t('page.follow', { name });
  return (
    <Tooltip label={isFollowed ? t('page.following', { name }) : label}>
      <button
        type="button"
        className="face"
        aria-label={label}
        aria-pressed={isFollowed}
        style={{ background: guest.color, color: inkOn(guest.color) }}
        data-initials={initials(name)}
        onClick={props.onClick}
      />
    </Tooltip>
  );
}
