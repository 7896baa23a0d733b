import { lazy, type ReactNode } from 'react';
import { type PageParts, PagePartsContext } from '../features/page/parts';

/** Fetched when somebody first looks into the past: writing needs none of it. */
const PARTS: PageParts = {
  History: lazy(() => import('../features/history/HistoryMode')),
  WhoWrote: lazy(() => import('../features/history/WhoWrote')),
};

export function WithPageParts({ children }: { children: ReactNode }) {
  return <PagePartsContext value={PARTS}>{children}</PagePartsContext>;
}
