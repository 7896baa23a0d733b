import { type Me, ROLES, type Role, readMe } from './me';
import { fields, get, oneOf, part, send, sure, text, words } from './read';
import { request } from './request';

const me = async (answer: Promise<unknown>): Promise<Me> => sure(readMe(await answer));

export const signIn = (wish: { email: string; password: string; code?: string }): Promise<Me> =>
  me(send('POST', '/api/sign-in', wish));

export async function signOut(): Promise<void> {
  await send('POST', '/api/sign-out');
}

/** Whether this link of the terminal still makes an owner; refusals come as errors. */
export async function checkSetup(token: string): Promise<void> {
  await request(`/api/setup?token=${part(token)}`);
}

export const setUp = (wish: { token: string; name: string; email: string; password: string }): Promise<Me> =>
  me(send('POST', '/api/setup', wish));

/** Answers the same whether or not somebody has this address. */
export async function askForReset(email: string): Promise<void> {
  await send('POST', '/api/password-resets', { email });
}

export async function readReset(secret: string, signal?: AbortSignal): Promise<{ email: string }> {
  return { email: words((await get(`/api/password-resets/${part(secret)}`, signal)).email) };
}

export async function spendReset(secret: string, password: string): Promise<void> {
  await send('POST', `/api/password-resets/${part(secret)}`, { password });
}

/** What somebody sees who was invited. */
export interface Invited {
  /** Null when the invitation is for whoever has the link. */
  email: string | null;
  by: string;
  server: string;
  role: Role;
}

export async function readInvitation(secret: string, signal?: AbortSignal): Promise<Invited> {
  const answer = await get(`/api/invitations/${part(secret)}`, signal);
  const by = text(answer.by) ?? words(fields(answer.by).name);
  return {
    email: text(answer.email),
    by,
    server: text(answer.server) ?? 'Weft',
    role: oneOf(answer.role, ROLES, 'member'),
  };
}

export const acceptInvitation = (
  secret: string,
  wish: { name: string; email: string; password: string },
): Promise<Me> => me(send('POST', `/api/invitations/${part(secret)}`, wish));

/** What the browser is to be asked for, in the JSON form of the web's own interface. */
export async function offerPasskeySignIn(): Promise<PublicKeyCredentialRequestOptionsJSON> {
  const { options } = await send('POST', '/api/sign-in/passkey/options');
  return sure(
    fields(options).challenge === undefined ? null : options,
  ) as PublicKeyCredentialRequestOptionsJSON;
}

export const signInWithPasskey = (credential: unknown): Promise<Me> =>
  me(send('POST', '/api/sign-in/passkey', { credential }));

/** Where a provider's button leads. */
export const providerAddress = (id: string, next: string): string =>
  `/api/sign-in/${part(id)}?next=${part(next)}`;
