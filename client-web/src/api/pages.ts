import {
  count,
  each,
  fields,
  get,
  isObject,
  oneOf,
  part,
  query,
  send,
  sure,
  text,
  texts,
  words,
} from './read';
import { type Grant, type Level, readGrant, readLevel } from './spaces';

/** A page as trees and lists show it. */
export interface Row {
  id: string;
  space: string;
  parent: string | null;
  /** Children of one parent are sorted by this, byte by byte, then by id. */
  order: string;
  /** Empty when nobody gave it one. */
  title: string;
  icon: string | null;
  restricted: boolean;
  template: boolean;
  archived: boolean;
  updated: number;
  updatedBy: string | null;
  created: number;
  createdBy: string | null;
}

export interface Trashed {
  at: number;
  by: string | null;
}

export interface Crumb {
  id: string;
  title: string;
  icon: string | null;
}

/** The answer to "who can see this?". */
export interface Audience {
  kind: 'members' | 'people' | 'link';
  spaceName: string;
  people: { id: string; name: string }[];
  groups: string[];
  /** How many more there are. */
  more: number;
  /** There is a public link. */
  link: boolean;
}

export interface Page extends Row {
  level: Level;
  slug: string;
  breadcrumb: Crumb[];
  trashed: Trashed | null;
  favourite: boolean;
  watching: boolean;
  /** Null for those who may not know. */
  grants: Grant[] | null;
  audience: Audience | null;
}

export type TrashedRow = Row & { trashed: Trashed };

export function readRow(value: unknown): Row | null {
  const row = fields(value);
  if (typeof row.id !== 'string' || typeof row.space !== 'string') return null;
  return {
    id: row.id,
    space: row.space,
    parent: text(row.parent),
    order: words(row.order),
    title: words(row.title).trim(),
    icon: text(row.icon),
    restricted: row.restricted === true,
    template: row.template === true,
    archived: row.archived === true,
    updated: count(row.updated),
    updatedBy: text(row.updatedBy),
    created: count(row.created),
    createdBy: text(row.createdBy),
  };
}

function trashed(value: unknown): Trashed | null {
  if (!isObject(value)) return null;
  return { at: count(value.at), by: text(value.by) ?? text(fields(value.by).name) };
}

function crumb(value: unknown): Crumb | null {
  const { id, title, icon } = fields(value);
  return typeof id === 'string' ? { id, title: words(title).trim(), icon: text(icon) } : null;
}

function named(value: unknown): { id: string; name: string } | null {
  const { id, name } = fields(value);
  return typeof id === 'string' ? { id, name: words(name) } : null;
}

export function readAudience(value: unknown): Audience | null {
  if (!isObject(value)) return null;
  const { kind, spaceName, people, groups, more, link } = value;
  return {
    kind: oneOf(kind, ['members', 'people', 'link'], 'people'),
    spaceName: words(spaceName),
    people: each(people, named),
    groups: texts(groups),
    more: count(more),
    link: link === true,
  };
}

export function readPage(value: unknown): Page | null {
  const row = readRow(value);
  if (row === null) return null;
  const page = fields(value);
  return {
    ...row,
    level: readLevel(page.level) ?? 'view',
    slug: words(page.slug),
    breadcrumb: each(page.breadcrumb, crumb),
    trashed: trashed(page.trashed),
    favourite: page.favourite === true,
    watching: page.watching === true,
    grants: Array.isArray(page.grants) ? each(page.grants, readGrant) : null,
    audience: readAudience(page.audience),
  };
}

const page = async (answer: Promise<unknown>): Promise<Page> => sure(readPage(await answer));
const rows = (value: unknown): Row[] => each(value, readRow);
const at = (id: string, more = ''): string => `/api/pages/${part(id)}${more}`;

/** All that one may see of a space. */
export async function listPages(space: string, signal?: AbortSignal): Promise<Row[]> {
  return rows((await get(`/api/spaces/${part(space)}/pages`, signal)).pages);
}

export async function listTrash(space: string, signal?: AbortSignal): Promise<TrashedRow[]> {
  const { pages } = await get(`/api/spaces/${part(space)}/trash`, signal);
  return each(pages, (value) => {
    const row = readRow(value);
    return row && { ...row, trashed: trashed(fields(value).trashed) ?? { at: row.updated, by: null } };
  });
}

export const getPage = (id: string, signal?: AbortSignal): Promise<Page> => page(get(at(id), signal));

export interface PageWish {
  /** Chosen here, so that the page can be written before the server has heard of it. */
  id?: string;
  space: string;
  parent?: string;
  /** Null is first, absent is last. */
  after?: string | null;
  icon?: string;
  /** A page whose contents it begins with. */
  from?: string;
}

export const makePage = (wish: PageWish): Promise<Page> => page(send('POST', '/api/pages', wish));

export interface PageChange {
  icon?: string | null;
  template?: boolean;
  archived?: boolean;
}

export const changePage = (id: string, change: PageChange): Promise<Page> =>
  page(send('PATCH', at(id), change));

/** Where a page is to go; `after` null is first, absent is last. */
export interface Place {
  space: string;
  parent: string | null;
  after?: string | null;
}

export const movePage = (id: string, place: Place): Promise<Page> =>
  page(send('POST', at(id, '/move'), place));

export const duplicatePage = (id: string, subtree: boolean): Promise<Page> =>
  page(send('POST', at(id, '/duplicate'), { subtree }));

/** To the trash, with everything below. */
export async function trashPage(id: string): Promise<void> {
  await send('DELETE', at(id));
}

export const restorePage = (id: string): Promise<Page> => page(send('POST', at(id, '/restore')));

export async function deletePage(id: string): Promise<void> {
  await send('DELETE', at(id, '/forever'));
}

export const setAccess = (id: string, access: { restricted: boolean; grants: Grant[] }): Promise<Page> =>
  page(send('PUT', at(id, '/access'), access));

export async function setFavourite(id: string, favourite: boolean): Promise<void> {
  await send(favourite ? 'PUT' : 'DELETE', at(id, '/favourite'));
}

export async function setWatching(id: string, watching: boolean): Promise<void> {
  await send(watching ? 'PUT' : 'DELETE', at(id, '/watch'));
}

/** Tells that somebody looked, for their list of pages looked at. */
export async function visitPage(id: string): Promise<void> {
  await send('POST', at(id, '/visit'));
}

export interface Home {
  viewed: Row[];
  edited: Row[];
  mine: Row[];
  favourites: Row[];
  /** Reached by a grant on the page, outside the spaces one is in. */
  shared: Row[];
}

export async function getHome(signal?: AbortSignal): Promise<Home> {
  const { viewed, edited, mine, favourites, shared } = await get('/api/home', signal);
  return {
    viewed: rows(viewed),
    edited: rows(edited),
    mine: rows(mine),
    favourites: rows(favourites),
    shared: rows(shared),
  };
}

export async function findPages(q: string, signal?: AbortSignal): Promise<Row[]> {
  return rows((await get(`/api/find${query({ q })}`, signal)).pages);
}
