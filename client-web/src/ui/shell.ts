import { createContext, type ReactNode, use } from 'react';

/** Alt and a letter are free in every browser; Ctrl+N belongs to the browser itself. */
export const NEW_PAGE_KEYS = 'Alt+N';

/** What every view may ask of the frame around it. */
export interface ShellControls {
  open: boolean;
  toggle: () => void;
  close: () => void;
  newPage: () => void;
  /** The settings button, which stands at the end of each view's header. */
  menu: ReactNode;
}

export const ShellContext = createContext<ShellControls>({
  open: false,
  toggle: () => undefined,
  close: () => undefined,
  newPage: () => undefined,
  menu: null,
});

export const useShell = (): ShellControls => use(ShellContext);
