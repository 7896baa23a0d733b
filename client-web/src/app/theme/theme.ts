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
  components: { Tooltip: { defaultProps: { openDelay: 500 } } },
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
