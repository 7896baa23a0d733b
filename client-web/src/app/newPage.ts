import { useNavigate } from '@tanstack/react-router';
import { useCallback } from 'react';
import { markFresh } from '../sync/fresh';
import { documentOf, newPageId } from '../sync/pageId';

/** Makes a page and goes there. It exists on the server once somebody has written in it. */
export function useNewPage(): () => void {
  const navigate = useNavigate();
  return useCallback(() => {
    const pageId = newPageId();
    markFresh(documentOf(pageId));
    void navigate({ to: '/page/$pageId', params: { pageId } });
  }, [navigate]);
}
