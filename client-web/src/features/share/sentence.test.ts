import i18next from 'i18next';
import { expect, test } from 'vitest';
import type { Audience } from '../../api/pages';
import { setLanguage } from '../../locales';
import '../../locales/share';
import { audienceSentence } from './sentence';

const audience = (more: Partial<Audience>): Audience => ({
  kind: 'members',
  spaceName: 'Home',
  people: [],
  groups: [],
  more: 0,
  link: false,
  ...more,
});
const say = (more: Partial<Audience>): string =>
  audienceSentence(audience(more), i18next.language, i18next.t);

test('who can see a page is one sentence', () => {
  setLanguage('en');
  const ann = { id: 'a', name: 'Ann' };
  expect(say({})).toBe('Everybody in Home can see this page.');
  expect(say({ people: [ann], groups: ['Design'] })).toBe(
    'Everybody in Home can see this page, and so can the group Design and Ann.',
  );
  expect(say({ kind: 'people', people: [ann], more: 3 })).toBe('Only Ann and 3 more can see this page.');
  expect(say({ kind: 'people' })).toBe('Only the managers of Home can see this page.');
  expect(say({ link: true })).toBe('Everybody who has the link can see this page.');
});

test('in Chinese too', () => {
  setLanguage('zh-CN');
  const people = [
    { id: 'a', name: '王小明' },
    { id: 'b', name: 'Ben' },
  ];
  expect(say({ kind: 'people', people })).toBe('只有王小明和Ben可以看到此页面。');
});
