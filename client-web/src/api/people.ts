import { ROLES, type Role } from './me';
import { count, each, fields, get, moment, oneOf, part, send, sure, text, words } from './read';
import { LEVELS, type Level } from './spaces';

/** Somebody who has an account here. What only admins may know is null for everybody else. */
export interface Person {
  id: string;
  name: string;
  color: string;
  picture: string | null;
  role: Role;
  suspended: boolean;
  email: string | null;
  created: number | null;
  seen: number | null;
  /** How they sign in. */
  signIn: string | null;
}

export function readPerson(value: unknown): Person | null {
  const one = fields(value);
  if (typeof one.id !== 'string') return null;
  return {
    id: one.id,
    name: words(one.name),
    color: text(one.color) ?? '#5d62c4',
    picture: text(one.picture),
    role: oneOf(one.role, ROLES, 'guest'),
    suspended: one.suspended === true,
    email: text(one.email),
    created: moment(one.created),
    seen: moment(one.seen),
    signIn: text(one.signIn),
  };
}

export async function listPeople(signal?: AbortSignal): Promise<Person[]> {
  return each((await get('/api/people', signal)).people, readPerson);
}

export async function changePerson(
  id: string,
  change: { role?: Role; suspended?: boolean; name?: string },
): Promise<void> {
  await send('PATCH', `/api/people/${part(id)}`, change);
}

/** A link with which they choose a new password. */
export async function resetPerson(id: string): Promise<string> {
  return sure(text((await send('POST', `/api/people/${part(id)}/reset`)).link));
}

export async function removePerson(id: string): Promise<void> {
  await send('DELETE', `/api/people/${part(id)}`);
}

export interface Invitation {
  id: string;
  email: string | null;
  role: Role;
  by: string | null;
  created: number;
  expires: number | null;
  spaces: { space: string; level: Level }[];
}

function invitedTo(value: unknown): { space: string; level: Level } | null {
  const { space, level } = fields(value);
  return typeof space === 'string' ? { space, level: oneOf(level, LEVELS, 'view') } : null;
}

function invitation(value: unknown): Invitation | null {
  const { id, email, role, by, created, expires, spaces } = fields(value);
  if (typeof id !== 'string') return null;
  return {
    id,
    email: text(email),
    role: oneOf(role, ROLES, 'member'),
    by: text(by) ?? text(fields(by).name),
    created: count(created),
    expires: moment(expires),
    spaces: each(spaces, invitedTo),
  };
}

export async function listInvitations(signal?: AbortSignal): Promise<Invitation[]> {
  return each((await get('/api/invitations', signal)).invitations, invitation);
}

export async function invite(wish: {
  email?: string;
  role: Role;
  spaces?: { space: string; level: Level }[];
}): Promise<{ id: string; link: string; sent: boolean }> {
  const answer = await send('POST', '/api/invitations', wish);
  return { id: sure(text(answer.id)), link: sure(text(answer.link)), sent: answer.sent === true };
}

export async function revokeInvitation(id: string): Promise<void> {
  await send('DELETE', `/api/invitations/${part(id)}`);
}
