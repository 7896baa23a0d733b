import { useEffect, useState } from 'react';
import { documentOf, registry, type Session } from '../../sync';

/** Holds the page's session for as long as the page is shown. */
export function useSession(pageId: string): Session | null {
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
