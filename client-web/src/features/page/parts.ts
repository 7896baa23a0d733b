import { type ComponentType, createContext } from 'react';
import type { Written } from '../../editor/written';
import type { Session } from '../../sync';

/** What other features add to a page. The app puts them in, because features do not know each other. */
export interface PageParts {
  /** The page as it was, in place of the page. */
  History: ComponentType<{ session: Session; canWrite: boolean; leave: () => void }>;
  /** Who wrote a piece of text; `show` goes to the moment when it was written. */
  WhoWrote: ComponentType<{
    session: Session;
    written: Written[];
    close: () => void;
    show: (seq: number) => void;
  }>;
}

export const PagePartsContext = createContext<PageParts | null>(null);
