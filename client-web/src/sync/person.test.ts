import { expect, test } from 'vitest';
import { COLORS } from '../app/theme/tokens';
import { cleanColor, cleanName, contrast, inkOn, NAME_CHARACTERS_MAX, PALETTE } from './person';

test('every colour of the palette carries white text, and is seen as a caret in both schemes', () => {
  for (const color of PALETTE) {
    expect(contrast(color, '#ffffff'), color).toBeGreaterThanOrEqual(4.5);
    expect(contrast(color, COLORS.dark.page), color).toBeGreaterThanOrEqual(3);
  }
});

test('text colours reach 4.5:1 on the grounds they stand on, in both schemes', () => {
  for (const scheme of [COLORS.light, COLORS.dark]) {
    for (const ground of [scheme.page, scheme.side, scheme.raised, scheme.hover] as const) {
      for (const name of ['text', 'text-soft', 'text-faint', 'accent'] as const) {
        expect(contrast(scheme[name], ground), `${name} on ${ground}`).toBeGreaterThanOrEqual(4.5);
      }
    }
    for (const name of ['good', 'warn', 'bad'] as const) {
      expect(contrast(scheme[name], scheme.page), name).toBeGreaterThanOrEqual(4.5);
    }
    for (const name of ['warn', 'bad', 'tip', 'info'] as const) {
      expect(contrast(scheme[name], scheme[`${name}-soft`]), name).toBeGreaterThanOrEqual(4.5);
    }
    const syntax = ['keyword', 'string', 'number', 'comment', 'title', 'type'] as const;
    for (const name of syntax) {
      expect(contrast(scheme[`syntax-${name}`], scheme.code), name).toBeGreaterThanOrEqual(4.5);
    }
  }
});

test('a name loses what cannot be seen and what would turn the line around', () => {
  expect(cleanName('  Ann\u202e\u0000 \n Lee ')).toBe('Ann Lee');
  expect(cleanName('\u200b\u2060')).toBeNull();
  expect(cleanName({ toString: () => 'x' })).toBeNull();
});

test('a name one past the limit is cut to the limit, counted in characters', () => {
  expect(Array.from(cleanName('字'.repeat(NAME_CHARACTERS_MAX + 1)) ?? '')).toHaveLength(NAME_CHARACTERS_MAX);
  expect(Array.from(cleanName('🧵'.repeat(500)) ?? '')).toHaveLength(NAME_CHARACTERS_MAX);
});

test('a colour that is not plain #rrggbb becomes one of ours', () => {
  expect(cleanColor('#AbCdEf', 3)).toBe('#abcdef');
  for (const bad of ['red', '#fff', '#12345678', 'url(x)', '#000000;position:fixed', null, 7, {}]) {
    expect(PALETTE).toContain(cleanColor(bad, 3));
  }
});

test('letters on a stranger’s colour are black or white, whichever reads', () => {
  expect(inkOn('#ffff00')).toBe('#111111');
  expect(inkOn('#102040')).toBe('#ffffff');
});
