import { ApiError, request } from './request';

export { ApiError } from './request';

/** One document as the list of documents describes it. */
export interface DocumentSummary {
  name: string;
  /** Null when nobody gave it a title, or when it is another app's. */
  title: string | null;
  /** Milliseconds since 1970. */
  updated: number;
  seq: number;
}

function readSummary(value: unknown): DocumentSummary | null {
  if (value === null || typeof value !== 'object') return null;
  const { name, title, updated, seq } = value as Record<string, unknown>;
  if (typeof name !== 'string' || typeof updated !== 'number') return null;
  return {
    name,
    title: typeof title === 'string' && title.trim() !== '' ? title.trim() : null,
    updated,
    seq: typeof seq === 'number' ? seq : 0,
  };
}

/** Every document on the server, newest first. */
export async function listDocuments(signal?: AbortSignal): Promise<DocumentSummary[]> {
  const response = await request('/api/docs', { signal: signal ?? null });
  let body: unknown;
  try {
    body = await response.json();
  } catch {
    throw new ApiError('The server sent something that is not a list of documents.', response.status);
  }
  const { documents } = (body ?? {}) as { documents?: unknown };
  if (!Array.isArray(documents)) {
    throw new ApiError('The server sent something that is not a list of documents.', response.status);
  }
  return documents.map(readSummary).filter((summary) => summary !== null);
}

/** The plain text of any document; names are sent percent-encoded, slashes too. */
export async function readText(name: string, signal?: AbortSignal): Promise<string> {
  const response = await request(`/api/docs/${encodeURIComponent(name)}/text`, { signal: signal ?? null });
  return response.text();
}

/** Merges a Yjs update into a document; resolves once it is on the server's disk. */
export async function sendUpdate(name: string, update: Uint8Array): Promise<void> {
  await request(`/api/docs/${encodeURIComponent(name)}/update`, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: new Uint8Array(update),
  });
}
