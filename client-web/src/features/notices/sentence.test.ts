import '../../locales/notices';
import i18next from 'i18next';
import { expect, test } from 'vitest';
import { NOTICE_KINDS, readNotice } from '../../api/notices';
import { sentence } from './sentence';

const told = (fields: object): string => {
  const notice = readNotice({ id: 'n', kind: 'pageEdited', at: 1, read: false, ...fields });
  if (notice === null) throw new Error('not a notice');
  return sentence(notice, i18next.t);
};
const ben = { id: 'b', name: 'Ben' };

test('every kind of notice names who did it and what it is about', () => {
  for (const kind of NOTICE_KINDS) {
    const about = kind === 'spaceGranted' ? 'space' : 'page';
    const text = told({ kind, by: ben, [about]: { id: 'x', name: 'Roadmap' } });
    expect(text).toContain('Ben');
    expect(text).toContain('Roadmap');
  }
});

test('what is not there to be named has a word of its own', () => {
  expect(told({ by: ben, page: { id: 'x', name: '' } })).toBe('Ben edited “Untitled”');
  expect(told({ by: null, page: { id: 'x', name: 'Plan' } })).toBe('Somebody edited “Plan”');
  expect(told({ by: ben, page: null })).toBe('Something about a page that you can no longer see');
  expect(told({ kind: 'moonrise' })).toContain('Reload');
});
