import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';
import type { Against } from './model';

/** The moment in the address: a place in the log, or wherever the page stands now. */
export type Moment = number | 'now';

export interface Address {
  at: Moment;
  against: Against;
  /** Moves within the history; the address changes, the way back does not. */
  go: (at: Moment, against: Against) => void;
}

/** Where in the history the address is. Only to be used on a page whose address names a moment. */
export function useAddress(): Address {
  const { history, compare } = useSearch({ strict: false }) as {
    history?: Moment;
    compare?: number | 'session';
  };
  const navigate = useNavigate();
  const at = history ?? 'now';
  const against = compare ?? null;
  const go = useCallback(
    (to: Moment, other: Against) =>
      void navigate({
        to: '.',
        search: other === null ? { history: to } : { history: to, compare: other },
        replace: true,
        resetScroll: false,
      }),
    [navigate],
  );
  return useMemo(() => ({ at, against, go }), [at, against, go]);
}
