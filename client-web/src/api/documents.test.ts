import { afterEach, expect, test, vi } from 'vitest';
import { ApiError, listDocuments, readText } from './documents';

afterEach(() => vi.unstubAllGlobals());
const answer = (body: string, status = 200): ReturnType<typeof vi.fn> => {
  const fetch = vi.fn(async () => new Response(body, { status }));
  vi.stubGlobal('fetch', fetch);
  return fetch;
};

test('the list is read, with blank titles as none and rows that are no documents left out', async () => {
  answer(JSON.stringify({ documents: [{ name: 'a', title: '  ', updated: 5, seq: 1 }, { nope: 1 }, null] }));
  expect(await listDocuments()).toEqual([{ name: 'a', title: null, updated: 5, seq: 1 }]);
});

test('an answer that is not a list is an error with its status, no answer one without', async () => {
  answer('<html>');
  await expect(listDocuments()).rejects.toMatchObject({ name: 'ApiError', status: 200 });
  answer('{}', 503);
  await expect(listDocuments()).rejects.toMatchObject({ status: 503 });
  vi.stubGlobal(
    'fetch',
    vi.fn(async () => Promise.reject(new TypeError('failed'))),
  );
  await expect(listDocuments()).rejects.toSatisfy(
    (error) => error instanceof ApiError && error.status === null,
  );
});

test('a name travels as one encoded part of the address', async () => {
  const fetch = answer('text');
  await readText('a b/ü%2f?#');
  expect(fetch.mock.calls[0]?.[0]).toBe('/api/docs/a%20b%2F%C3%BC%252f%3F%23/text');
});
