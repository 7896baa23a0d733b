import { each, fields, get, isObject, text, words } from './read';
import { ApiError, request } from './request';

export interface Provider {
  id: string;
  label: string;
}

/** What anybody may know about the server. */
export interface Server {
  version: string;
  name: string;
  /** False until somebody has become its owner. */
  setUp: boolean;
  openRooms: boolean;
  /** It can send mail. */
  mail: boolean;
  signIn: { password: boolean; passkeys: boolean; totp: boolean; providers: Provider[] };
}

function provider(value: unknown): Provider | null {
  const { id, label } = fields(value);
  return typeof id === 'string' ? { id, label: text(label) ?? id } : null;
}

export function readServer(value: unknown): Server {
  const { version, name, setUp, openRooms, mail, signIn } = fields(value);
  const ways = fields(signIn);
  return {
    version: words(version),
    name: text(name) ?? 'Weft',
    setUp: setUp !== false,
    openRooms: openRooms === true,
    mail: mail === true,
    signIn: {
      password: !isObject(signIn) || ways.password !== false,
      passkeys: ways.passkeys === true,
      totp: ways.totp === true,
      providers: each(ways.providers, provider),
    },
  };
}

export async function getServer(signal?: AbortSignal): Promise<Server> {
  return readServer(await get('/api/server', signal));
}

/** Whether the server has anything at an address at all, whatever it says of a question that is put this way. */
export async function hasRoute(path: string, signal?: AbortSignal): Promise<boolean> {
  try {
    await request(path, { signal: signal ?? null });
    return true;
  } catch (error) {
    if (!(error instanceof ApiError) || error.status === null) throw error;
    return error.status !== 404;
  }
}
