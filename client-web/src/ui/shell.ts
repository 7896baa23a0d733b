import { createContext, use } from 'react';

/** Alt and a letter are free in every browser; Ctrl+N belongs to the browser itself. */
export const NEW_PAGE_KEYS = 'Alt+N';
const isApple = /Mac|iP(hone|ad|od)/.test(navigator.userAgent);
export const PALETTE_KEYS = isApple ? '⌘K' : 'Ctrl+K';

/** What every view may ask of the frame around it. */
export interface ShellControls {
  open: boolean;
  toggle: () => void;
  close: () => void;
  newPage: () => void;
  /** Whether the sidebar has something unread: told where the sidebar is not seen. */
  hasNews: boolean;
}

export const ShellContext = createContext<ShellControls>({
  open: false,
  toggle: () => undefined,
  close: () => undefined,
  newPage: () => undefined,
  hasNews: false,
});

export const useShell = (): ShellControls => use(ShellContext);
