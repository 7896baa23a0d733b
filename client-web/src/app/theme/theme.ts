import { type CSSVariablesResolver, createTheme } from '@mantine/core';
import { COLORS, FONT, INDIGO, MONO, NIGHT, STONE } from './tokens';

export const theme = createTheme({
  colors: { indigo: INDIGO, gray: STONE, dark: NIGHT },
  primaryColor: 'indigo',
  primaryShade: { light: 7, dark: 3 },
  autoContrast: true,
  black: COLORS.light.text,
  fontFamily: FONT,
  fontFamilyMonospace: MONO,
  defaultRadius: 'md',
  radius: { sm: '5px', md: '7px', lg: '10px' },
  cursorType: 'pointer',
  focusRing: 'auto',
  respectReducedMotion: true,
  components: {
    Tooltip: { defaultProps: { openDelay: 500 } },
    // The first entry has the focus, not an empty place before it that screen readers stumble over.
    Menu: { defaultProps: { withInitialFocusPlaceholder: false } },
  },
});

const prefixed = (colors: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(colors).map(([name, value]) => [`--weft-${name}`, value]));

/** Our tokens as CSS variables, and Mantine's own variables where its defaults miss the contrast we promise. */
export const resolver: CSSVariablesResolver = () => {
  const scheme = (name: 'light' | 'dark'): Record<string, string> => ({
    ...prefixed(COLORS[name]),
    '--mantine-color-body': COLORS[name].page,
    '--mantine-color-text': COLORS[name].text,
    '--mantine-color-dimmed': COLORS[name]['text-soft'],
    '--mantine-color-placeholder': COLORS[name]['text-faint'],
    '--mantine-color-error': COLORS[name].bad,
    '--mantine-color-red-light-color': COLORS[name].bad,
    '--mantine-color-red-light': COLORS[name]['bad-soft'],
    '--mantine-color-red-light-hover': COLORS[name]['bad-soft'],
    '--mantine-color-red-filled': '#b3261e',
    '--mantine-color-red-filled-hover': '#9c1f18',
    '--mantine-color-default': COLORS[name].raised,
    '--mantine-color-default-hover': COLORS[name].hover,
    '--mantine-color-default-border': COLORS[name].line,
  });
  // White text stands on filled buttons in both schemes; the shade that suits dark text would need black there.
  const filled = {
    '--mantine-color-indigo-filled': '#5163ba',
    '--mantine-color-indigo-filled-hover': '#5d6fc7',
  };
  const primary = {
    '--mantine-primary-color-filled': '#5163ba',
    '--mantine-primary-color-filled-hover': '#5d6fc7',
  };
  return { variables: {}, light: scheme('light'), dark: { ...scheme('dark'), ...filled, ...primary } };
};
