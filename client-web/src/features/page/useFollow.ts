import { useCallback, useEffect, useState } from 'react';
import { scrollToCaret } from '../../editor/carets';
import type { Session } from '../../sync';

/** What one does oneself, as opposed to what following does. Any of it ends the following. */
const OWN_MOVES = ['wheel', 'touchmove', 'keydown', 'pointerdown'] as const;

/** Stays with somebody's caret until one scrolls, types or clicks. */
export function useFollow(session: Session): {
  followed: number | null;
  follow: (client: number | null) => void;
} {
  const [followed, setFollowed] = useState<number | null>(null);
  const follow = useCallback((client: number | null) => {
    setFollowed(client);
    if (client !== null) scrollToCaret(client);
  }, []);
  useEffect(() => {
    if (followed === null) return;
    let frame = 0;
    const onChange = ({ updated, removed }: { updated: number[]; removed: number[] }): void => {
      if (removed.includes(followed)) setFollowed(null);
      if (!updated.includes(followed)) return;
      cancelAnimationFrame(frame);
      // The editor draws the caret in its new place first.
      frame = requestAnimationFrame(() => scrollToCaret(followed));
    };
    const stop = (event: Event): void => {
      // A click on a face chooses whom to follow; it is not a move of one's own.
      if (event.target instanceof Element && event.target.closest('.faces') !== null) return;
      setFollowed(null);
    };
    session.awareness.on('change', onChange);
    for (const kind of OWN_MOVES) window.addEventListener(kind, stop, { passive: true });
    return () => {
      cancelAnimationFrame(frame);
      session.awareness.off('change', onChange);
      for (const kind of OWN_MOVES) window.removeEventListener(kind, stop);
    };
  }, [session, followed]);
  return { followed, follow };
}
