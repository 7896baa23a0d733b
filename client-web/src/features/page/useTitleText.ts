import { useCallback, useSyncExternalStore } from 'react';
import type * as Y from 'yjs';
import { TITLE_FIELD, titleText } from '../../sync';

export function useTitleText(doc: Y.Doc): string {
  const subscribe = useCallback(
    (listener: () => void) => {
      const title = doc.getXmlFragment(TITLE_FIELD);
      title.observeDeep(listener);
      return () => title.unobserveDeep(listener);
    },
    [doc],
  );
  return useSyncExternalStore(subscribe, () => titleText(doc));
}
