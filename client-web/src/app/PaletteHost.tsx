import { lazy, Suspense, useEffect, useSyncExternalStore } from 'react';
import { onPalette, paletteIsOpen, setPalette } from './palette';

const Palette = lazy(() => import('../features/palette/Palette'));

/** The palette, fetched when it is first asked for, from wherever one is. */
export function PaletteHost() {
  const isOpen = useSyncExternalStore(onPalette, paletteIsOpen);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const isAsked = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
      // The editor takes these keys for a link while something is selected.
      if (!isAsked || event.key.toLowerCase() !== 'k' || event.defaultPrevented) return;
      event.preventDefault();
      setPalette(!paletteIsOpen());
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
  if (!isOpen) return null;
  return (
    <Suspense fallback={null}>
      <Palette close={() => setPalette(false)} />
    </Suspense>
  );
}
