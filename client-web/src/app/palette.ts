import { useCallback } from 'react';

type Listener = () => void;
const listeners = new Set<Listener>();
let isOpen = false;

export function setPalette(open: boolean): void {
  isOpen = open;
  for (const listener of [...listeners]) listener();
}

export const paletteIsOpen = (): boolean => isOpen;

export function onPalette(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useOpenPalette = (): (() => void) => useCallback(() => setPalette(true), []);
