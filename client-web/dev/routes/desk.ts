import { done, me, noticeOf, ok, type Route, reach, rowOf, tell, world } from '../stand';
import { type Page, pageLevel, spaceLevel } from '../state';

export const DESK: Route[] = [
  [
    'PUT pages/:id/favourite',
    (call, id) => {
      me(call).favourites.add(reach(call, id ?? '', 'view').page.id);
      return done;
    },
  ],
  [
    'DELETE pages/:id/favourite',
    (call, id) => {
      me(call).favourites.delete(id ?? '');
      return done;
    },
  ],
  [
    'PUT pages/:id/watch',
    (call, id) => {
      me(call).watching.add(reach(call, id ?? '', 'view').page.id);
      return done;
    },
  ],
  [
    'DELETE pages/:id/watch',
    (call, id) => {
      me(call).watching.delete(id ?? '');
      return done;
    },
  ],
  [
    'POST pages/:id/visit',
    (call, id) => {
      const person = me(call);
      person.viewed = [id ?? '', ...person.viewed.filter((one) => one !== id)].slice(0, 30);
      return done;
    },
  ],
  [
    'GET home',
    (call) => {
      const person = me(call);
      const seen = [...world.pages.values()].filter(
        (page) => page.trashed === null && pageLevel(world, page, person) !== null,
      );
      const newest = [...seen].sort((a, b) => b.updated - a.updated);
      const byId = (ids: Iterable<string>): Page[] =>
        [...ids].map((id) => seen.find((page) => page.id === id)).filter((page) => page !== undefined);
      const lists = {
        viewed: byId(person.viewed),
        edited: newest,
        mine: newest.filter((page) => page.createdBy === person.id),
        favourites: byId(person.favourites),
        shared: newest.filter((page) => {
          const space = world.spaces.get(page.space);
          return space !== undefined && spaceLevel(world, space, person) === null;
        }),
      };
      return ok(
        Object.fromEntries(
          Object.entries(lists).map(([name, pages]) => [name, pages.slice(0, 30).map(rowOf)]),
        ),
      );
    },
  ],
  [
    'GET find',
    (call) => {
      const person = me(call);
      const wanted = (call.query.get('q') ?? '').toLowerCase().split(/\s+/).filter(Boolean);
      const found = [...world.pages.values()].filter(
        (page) =>
          page.trashed === null &&
          wanted.every((word) => page.title.toLowerCase().includes(word)) &&
          pageLevel(world, page, person) !== null,
      );
      return ok({ pages: found.slice(0, 20).map(rowOf) });
    },
  ],
  [
    'GET notices',
    (call) => {
      const person = me(call);
      const own = world.notices.filter(({ user }) => user === person.id).sort((a, b) => b.at - a.at);
      const unread = own.filter(({ read }) => !read).length;
      return ok({ notices: own.map((notice) => noticeOf(notice, person)), unread });
    },
  ],
  [
    'POST notices/read',
    (call) => {
      const person = me(call);
      for (const one of world.notices) {
        if (one.user === person.id && one.at <= call.body.upTo) one.read = true;
      }
      tell((other) => (other.id === person.id ? { kind: 'notice' } : null));
      return done;
    },
  ],
];
