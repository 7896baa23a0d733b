import {
  audit,
  done,
  forbidden,
  me,
  notFound,
  notify,
  ok,
  pageOf,
  peopleBehind,
  Refusal,
  type Route,
  reach,
  rooms,
  signedIn,
  spaceAt,
  tellPage,
  watchersOf,
  world,
} from '../stand';
import { addPage, below, childrenOf, orderIn, type Page, pageLevel, reaches, spaceLevel } from '../state';

export const PAGES: Route[] = [
  [
    'POST pages',
    (call) => {
      const person = me(call);
      const { space } = spaceAt(call, call.body.space, 'view');
      const parent = call.body.parent ?? null;
      const level = parent === null ? spaceLevel(world, space, person) : reach(call, parent, 'view').level;
      if (!reaches(level, 'edit')) throw forbidden();
      if (call.body.id !== undefined && world.pages.has(call.body.id))
        throw new Refusal(409, 'conflict', 'This page exists.');
      const page = addPage(world, person.id, call.body);
      if (call.body.title) rooms.write(`page/${page.id}`, call.body.title, ['']);
      tellPage(page);
      return ok(pageOf(page, pageLevel(world, page, person) ?? 'edit', person), 201);
    },
  ],
  [
    'GET pages/:id',
    (call, id) => {
      const { page, level } = reach(call, id ?? '', 'view');
      if (page.trashed !== null && !reaches(level, 'edit')) throw notFound();
      return ok(pageOf(page, level, signedIn(call)));
    },
  ],
  [
    'PATCH pages/:id',
    (call, id) => {
      const { page, level } = reach(call, id ?? '', 'edit');
      Object.assign(page, call.body);
      tellPage(page);
      return ok(pageOf(page, level, me(call)));
    },
  ],
  [
    'POST pages/:id/move',
    (call, id) => {
      const person = me(call);
      const { page } = reach(call, id ?? '', 'edit');
      const space = call.body.space ?? page.space;
      const parent = call.body.parent === undefined ? page.parent : call.body.parent;
      const under = below(world, page.id);
      if (parent === page.id || under.some((one) => one.id === parent)) {
        throw new Refusal(409, 'circle', 'A page cannot be below itself.');
      }
      const target = world.spaces.get(space);
      if (target === undefined || !reaches(spaceLevel(world, target, person), 'edit')) throw forbidden();
      page.order = orderIn(world, space, parent, call.body.after, page.id);
      page.space = space;
      page.parent = parent;
      for (const one of under) one.space = space;
      for (const one of [page, ...under]) tellPage(one);
      return ok(pageOf(page, pageLevel(world, page, person) ?? 'view', person));
    },
  ],
  [
    'POST pages/:id/duplicate',
    (call, id) => {
      const person = me(call);
      const { page, level } = reach(call, id ?? '', 'edit');
      const copy = (from: Page, parent: string | null, after: string | null | undefined): Page => {
        const title = parent === page.parent ? `${from.title} (copy)` : from.title;
        const made = addPage(world, person.id, { space: from.space, parent, after, title, icon: from.icon });
        rooms.write(`page/${made.id}`, title, ['']);
        tellPage(made);
        if (call.body.subtree === true)
          for (const child of childrenOf(world, from.space, from.id)) copy(child, made.id, undefined);
        return made;
      };
      return ok(pageOf(copy(page, page.parent, page.id), level, person), 201);
    },
  ],
  [
    'DELETE pages/:id',
    (call, id) => {
      const { page } = reach(call, id ?? '', 'edit');
      for (const one of [page, ...below(world, page.id)]) {
        one.trashed = { at: Date.now(), by: me(call).id };
        tellPage(one);
      }
      audit(call, 'page-trashed', page.title);
      notify(watchersOf(page.id), 'pageTrashed', { page: page.id }, me(call).id);
      return done;
    },
  ],
  [
    'POST pages/:id/restore',
    (call, id) => {
      const { page, level } = reach(call, id ?? '', 'edit');
      const parent = page.parent === null ? undefined : world.pages.get(page.parent);
      if (parent === undefined || parent.trashed !== null) page.parent = null;
      for (const one of [page, ...below(world, page.id)]) {
        one.trashed = null;
        tellPage(one);
      }
      return ok(pageOf(page, level, me(call)));
    },
  ],
  [
    'DELETE pages/:id/forever',
    (call, id) => {
      const { page } = reach(call, id ?? '', 'manage');
      for (const one of [page, ...below(world, page.id)]) world.pages.delete(one.id);
      return done;
    },
  ],
  [
    'PUT pages/:id/access',
    (call, id) => {
      const { page, level } = reach(call, id ?? '', 'manage');
      const before = new Set(page.grants.map(({ who }) => JSON.stringify(who)));
      page.restricted = call.body.restricted;
      page.grants = call.body.grants;
      tellPage(page);
      const added = page.grants.filter(({ who }) => !before.has(JSON.stringify(who)));
      notify(
        added.flatMap(({ who }) => peopleBehind(who)),
        'pageGranted',
        { page: page.id },
        me(call).id,
      );
      return ok(pageOf(page, level, me(call)));
    },
  ],
];
