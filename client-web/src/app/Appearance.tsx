import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core';
import type { ReactNode } from 'react';
import { resolver, theme } from './theme/theme';

/** The same key as in `public/boot.js`, which sets the scheme before the first paint. */
const colorScheme = localStorageColorSchemeManager({ key: 'weft.color-scheme' });

export function Appearance({ children }: { children: ReactNode }) {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={resolver}
      colorSchemeManager={colorScheme}
      defaultColorScheme="auto"
    >
      {children}
    </MantineProvider>
  );
}
