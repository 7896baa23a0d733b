import { count, each, fields, get, moment, oneOf, part, send, sure, text, words } from './read';
import { request } from './request';

export const ROLES = ['owner', 'admin', 'member', 'guest'] as const;
export type Role = (typeof ROLES)[number];
export const isAdmin = (role: Role): boolean => role === 'owner' || role === 'admin';

export const THEMES = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

/** How often somebody is told by mail of what they have not looked at. */
export const DIGESTS = ['daily', 'weekly', 'off'] as const;
export type Digest = (typeof DIGESTS)[number];

/** Whoever is signed in. */
export interface Me {
  id: string;
  name: string;
  email: string;
  role: Role;
  color: string;
  /** The address of their picture. */
  picture: string | null;
  language: string | null;
  timeZone: string | null;
  theme: Theme;
  digest: Digest;
  hasPassword: boolean;
  totp: boolean;
  passkeys: number;
}

export function readMe(value: unknown): Me | null {
  const me = fields(value);
  if (typeof me.id !== 'string') return null;
  return {
    id: me.id,
    name: words(me.name),
    email: words(me.email),
    role: oneOf(me.role, ROLES, 'guest'),
    color: text(me.color) ?? '#5d62c4',
    picture: text(me.picture),
    language: text(me.language),
    timeZone: text(me.timeZone),
    theme: oneOf(me.theme, THEMES, 'auto'),
    digest: oneOf(me.digest, DIGESTS, 'daily'),
    hasPassword: me.hasPassword !== false,
    totp: me.totp === true,
    passkeys: count(me.passkeys),
  };
}

const me = async (answer: Promise<unknown>): Promise<Me> => sure(readMe(await answer));

export const getMe = (signal?: AbortSignal): Promise<Me> => me(get('/api/me', signal));

export type MeChange = Partial<Pick<Me, 'name' | 'color' | 'language' | 'timeZone' | 'theme' | 'digest'>>;
export const changeMe = (change: MeChange): Promise<Me> => me(send('PATCH', '/api/me', change));

/** The server takes pictures up to this size. */
export const PICTURE_BYTES_MAX = 512 * 1024;

export async function setPicture(picture: Blob): Promise<Me> {
  const response = await request('/api/me/picture', {
    method: 'PUT',
    headers: { 'content-type': picture.type },
    body: picture,
  });
  return me(response.json() as Promise<unknown>);
}

export async function removePicture(): Promise<void> {
  await send('DELETE', '/api/me/picture');
}

/** Ends every other sign-in. `current` is needed unless there is no password yet. */
export async function setPassword(password: string, current?: string): Promise<void> {
  await send('POST', '/api/me/password', current === undefined ? { password } : { current, password });
}

export interface SignIn {
  id: string;
  current: boolean;
  created: number;
  seen: number;
  address: string | null;
  agent: string | null;
}

function signIn(value: unknown): SignIn | null {
  const { id, current, created, seen, address, agent } = fields(value);
  if (typeof id !== 'string') return null;
  return {
    id,
    current: current === true,
    created: count(created),
    seen: count(seen),
    address: text(address),
    agent: text(agent),
  };
}

export async function listSignIns(signal?: AbortSignal): Promise<SignIn[]> {
  return each((await get('/api/me/sign-ins', signal)).signIns, signIn);
}

export async function endSignIn(id: string): Promise<void> {
  await send('DELETE', `/api/me/sign-ins/${part(id)}`);
}

export async function endOtherSignIns(): Promise<void> {
  await send('DELETE', '/api/me/sign-ins');
}

export const SCOPES = ['read', 'write', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

export interface Token {
  id: string;
  name: string;
  scope: Scope;
  created: number;
  used: number | null;
  expires: number | null;
}

function token(value: unknown): Token | null {
  const { id, name, scope, created, used, expires } = fields(value);
  if (typeof id !== 'string') return null;
  return {
    id,
    name: words(name),
    scope: oneOf(scope, SCOPES, 'read'),
    created: count(created),
    used: moment(used),
    expires: moment(expires),
  };
}

export async function listTokens(signal?: AbortSignal): Promise<Token[]> {
  return each((await get('/api/me/tokens', signal)).tokens, token);
}

/** The secret is in this answer and never again. */
export async function makeToken(wish: {
  name: string;
  scope: Scope;
  expires?: number;
}): Promise<Token & { secret: string }> {
  const answer = await send('POST', '/api/me/tokens', wish);
  return { ...sure(token(answer)), secret: sure(text(answer.secret)) };
}

export async function revokeToken(id: string): Promise<void> {
  await send('DELETE', `/api/me/tokens/${part(id)}`);
}

/** What to type into an authenticator app, or to show it as a picture of `link`. */
export interface TotpOffer {
  secret: string;
  link: string;
}

/** Begins; nothing is asked at sign-in until a first code has proven that the app works. */
export async function offerTotp(): Promise<TotpOffer> {
  const answer = await send('POST', '/api/me/totp');
  return { secret: sure(text(answer.secret)), link: words(answer.link) };
}

/** Answers with codes that each work once, for the day the telephone is lost. */
export async function confirmTotp(code: string): Promise<string[]> {
  const { recoveryCodes } = await send('POST', '/api/me/totp/confirm', { code });
  return each(recoveryCodes, text);
}

export async function removeTotp(password: string): Promise<void> {
  await send('DELETE', '/api/me/totp', { password });
}

export interface Passkey {
  id: string;
  name: string;
  created: number;
  used: number | null;
}

function passkey(value: unknown): Passkey | null {
  const { id, name, created, used } = fields(value);
  if (typeof id !== 'string') return null;
  return { id, name: words(name), created: count(created), used: moment(used) };
}

export async function listPasskeys(signal?: AbortSignal): Promise<Passkey[]> {
  return each((await get('/api/me/passkeys', signal)).passkeys, passkey);
}

/** What the browser is to be asked, in the JSON form of the web's own interface. */
export async function offerPasskey(): Promise<PublicKeyCredentialCreationOptionsJSON> {
  const { options } = await send('POST', '/api/me/passkeys/options');
  return sure(
    fields(options).challenge === undefined ? null : options,
  ) as PublicKeyCredentialCreationOptionsJSON;
}

export async function addPasskey(name: string, credential: unknown): Promise<Passkey> {
  return sure(passkey(await send('POST', '/api/me/passkeys', { name, credential })));
}

export async function removePasskey(id: string): Promise<void> {
  await send('DELETE', `/api/me/passkeys/${part(id)}`);
}
