import { useParams } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { documentOf, isPageId, registry, type Session } from '../../sync';
import { BadAddress, PageView } from './PageView';

/** Holds the page's session for as long as the page is shown. */
function useSession(pageId: string): Session | null {
  const [session, setSession] = useState<Session | null>(null);
  useEffect(() => {
    const name = documentOf(pageId);
    setSession(registry.acquire(name));
    return () => {
      setSession(null);
      registry.release(name);
    };
  }, [pageId]);
  return session;
}

export function PageRoute() {
  const { pageId } = useParams({ from: '/page/$pageId' });
  return isPageId(pageId) ? <OpenPage key={pageId} pageId={pageId} /> : <BadAddress />;
}

function OpenPage({ pageId }: { pageId: string }) {
  const session = useSession(pageId);
  return session === null ? null : <PageView session={session} />;
}
