import { createContext, use } from 'react';
import type { Author, EditSession, Stamp, Version } from '../../api/history';
import type { Session } from '../../sync';
import type { Actions } from './actions';
import type { Against, HistoryModel } from './model';
import type { Who } from './who';

/** What every part of the history view knows. */
export interface Past {
  session: Session;
  model: HistoryModel;
  who: Who;
  /** Counts up when people became known, so that what is drawn in their colours is drawn again. */
  known: number;
  authors: readonly Author[];
  first: Stamp;
  head: Stamp;
  sessions: readonly EditSession[];
  versions: readonly Version[];
  canWrite: boolean;
  actions: Actions;
  /** To a moment that will change again soon: a handle that moves, a key that is held. */
  move: (at: number, against?: Against) => void;
  /** To a moment, for good: the address names it from now on. */
  settle: (at: number, against?: Against) => void;
  leave: () => void;
}

export const PastContext = createContext<Past | null>(null);

export function usePast(): Past {
  const past = use(PastContext);
  if (past === null) throw new Error('This is a part of the history view.');
  return past;
}
