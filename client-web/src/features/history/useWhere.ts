import { useSyncExternalStore } from 'react';
import type { Density } from '../../api/history';
import { isGone } from './actions';
import { usePast } from './context';
import type { ModelView } from './model';
import { guess, isAuthorKept } from './track';

export interface Where {
  view: ModelView;
  at: number;
  isNow: boolean;
  /** It is older than what the server keeps: nobody knows when it was. */
  isGone: boolean;
  time: number;
  by: string | null;
}

/** The moment that the handle stands at: as the server tells it once it did, until then as the density lets us guess. */
export function useWhere(density: Density | undefined): Where {
  const { model, first, head } = usePast();
  const view = useSyncExternalStore(model.subscribe, model.getView);
  const at = view.place?.at ?? head.seq;
  const { shown } = view;
  const isExact = shown !== null && shown.at === at && view.place !== null;
  const about = guess(density, at);
  const by = (isExact ? shown.by : null) ?? about?.by ?? null;
  return {
    view,
    at,
    isNow: at >= head.seq,
    isGone: isGone(view.error),
    time: isExact ? shown.time : at >= head.seq ? head.time : (about?.time ?? head.time),
    by: isAuthorKept(at, first.seq) ? by : null,
  };
}
