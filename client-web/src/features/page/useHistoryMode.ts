import { useNavigate, useRouter, useSearch } from '@tanstack/react-router';
import { useCallback, useMemo, useRef } from 'react';
import type { PageSearch } from './search';

/** Whether the page is looked at as it was. The address says so, so that reload, links and the way back work. */
export function useHistoryMode(): { isOpen: boolean; enter: () => void; leave: () => void } {
  const { history } = useSearch({ strict: false }) as PageSearch;
  const navigate = useNavigate();
  const router = useRouter();
  const hasEntered = useRef(false);
  const isOpen = history !== undefined;
  if (!isOpen) hasEntered.current = false;
  const enter = useCallback(() => {
    void navigate({ to: '.', search: { history: 'now' }, resetScroll: false }).then(() => {
      hasEntered.current = true;
    });
  }, [navigate]);
  const leave = useCallback(() => {
    // Who came from the page goes back to it, so that the way back does not lead into the past again.
    if (hasEntered.current) router.history.back();
    else void navigate({ to: '.', search: {}, replace: true });
  }, [navigate, router]);
  return useMemo(() => ({ isOpen, enter, leave }), [isOpen, enter, leave]);
}
