import { expect, test } from 'vitest';
import { readNext, readSignIn, readToken, safeNext } from './next';

test('after signing in one stays on this site', () => {
  expect(safeNext('/home/plan-abc?history=now')).toBe('/home/plan-abc?history=now');
  for (const next of ['https://elsewhere', '//elsewhere', '/\\elsewhere', 'javascript:x', 7, undefined]) {
    expect(safeNext(next)).toBe('/');
  }
});

test('signing in does not lead back to signing in', () => {
  expect(safeNext('/sign-in?next=/sign-in')).toBe('/');
  expect(safeNext('/reset/abc')).toBe('/');
  expect(safeNext('/signals')).toBe('/signals');
  expect(readNext({ next: '/' })).toEqual({});
});

test('a set-up token may look like a number', () => {
  expect(readToken({ token: 12 })).toEqual({ token: '12' });
  expect(readToken({ token: {} })).toEqual({});
});

test('the sign-in page is told why a provider did not sign somebody in, in words that are known', () => {
  expect(readSignIn({ failed: 'stray', next: '/home' })).toEqual({ failed: 'stray', next: '/home' });
  expect(readSignIn({ failed: '<b>', next: '//evil.example' })).toEqual({});
});
