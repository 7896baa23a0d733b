import { slugOf } from '../../src/wiki/address';
import {
  admin,
  audit,
  done,
  forbidden,
  me,
  notFound,
  notify,
  ok,
  peopleBehind,
  Refusal,
  type Route,
  rowOf,
  spaceAt,
  spaceFrame,
  spaceOf,
  tell,
  world,
} from '../stand';
import { addSpace, compare, pageLevel, spaceLevel } from '../state';

export const SPACES: Route[] = [
  [
    'GET spaces',
    (call) => {
      const person = me(call);
      return ok({
        spaces: [...world.spaces.values()].flatMap((space) => {
          const level = spaceLevel(world, space, person);
          return level === null ? [] : [spaceOf(space, level)];
        }),
      });
    },
  ],
  [
    'POST spaces',
    (call) => {
      const person = me(call);
      if (person.role === 'guest') throw forbidden();
      const name = String(call.body.name ?? '').trim();
      if (name === '') throw new Refusal(422, 'invalid', 'A name is needed.', 'name');
      let slug = slugOf(name) || 'space';
      while ([...world.spaces.values()].some((space) => space.slug === slug)) slug += '-2';
      const space = addSpace(world, name, slug, {
        icon: call.body.icon ?? null,
        description: call.body.description ?? '',
        members: call.body.members === undefined ? 'edit' : call.body.members,
        grants: [{ who: { person: person.id }, level: 'manage' }],
      });
      tell(spaceFrame(space));
      return ok(spaceOf(space, 'manage'), 201);
    },
  ],
  [
    'GET spaces/:id',
    (call, id) => {
      const { space, level } = spaceAt(call, id ?? '', 'view');
      return ok(spaceOf(space, level));
    },
  ],
  [
    'PATCH spaces/:id',
    (call, id) => {
      const { space } = spaceAt(call, id ?? '', 'manage');
      const { slug } = call.body;
      if (
        slug !== undefined &&
        [...world.spaces.values()].some((one) => one !== space && one.slug === slug)
      ) {
        throw new Refusal(409, 'slug_taken', 'Another space has this address.', 'slug');
      }
      Object.assign(space, call.body);
      tell(spaceFrame(space));
      return ok(spaceOf(space, 'manage'));
    },
  ],
  [
    'DELETE spaces/:id',
    (call, id) => {
      const { space } = spaceAt(call, id ?? '', 'manage');
      if (call.body.name !== space.name) throw new Refusal(422, 'invalid', 'The name is another.', 'name');
      world.spaces.delete(space.id);
      for (const page of [...world.pages.values()]) if (page.space === space.id) world.pages.delete(page.id);
      tell(() => ({ kind: 'spaceGone', id: space.id }));
      return done;
    },
  ],
  [
    'PUT spaces/:id/grants',
    (call, id) => {
      const { space } = spaceAt(call, id ?? '', 'manage');
      const key = JSON.stringify(call.body.who);
      space.grants = [...space.grants.filter(({ who }) => JSON.stringify(who) !== key), call.body];
      tell(spaceFrame(space));
      notify(peopleBehind(call.body.who), 'spaceGranted', { space: space.id }, me(call).id);
      return done;
    },
  ],
  [
    'DELETE spaces/:id/grants',
    (call, id) => {
      const { space } = spaceAt(call, id ?? '', 'manage');
      const key = JSON.stringify(call.body.who);
      const left = space.grants.filter(({ who }) => JSON.stringify(who) !== key);
      if (!left.some(({ level }) => level === 'manage')) {
        throw new Refusal(409, 'last_manager', 'Somebody has to manage the space.');
      }
      space.grants = left;
      tell(spaceFrame(space));
      return done;
    },
  ],
  [
    'POST spaces/:id/take-over',
    (call, id) => {
      const person = admin(call);
      const space = world.spaces.get(id ?? '');
      if (space === undefined) throw notFound();
      space.grants.push({ who: { person: person.id }, level: 'manage' });
      audit(call, 'space-taken-over', space.name);
      tell(spaceFrame(space));
      return done;
    },
  ],
  [
    'GET admin/spaces',
    (call) => {
      const person = admin(call);
      return ok({
        spaces: [...world.spaces.values()].map((space) => ({
          ...space,
          level: spaceLevel(world, space, person),
          pages: [...world.pages.values()].filter((page) => page.space === space.id).length,
        })),
      });
    },
  ],
  [
    'GET spaces/:id/pages',
    (call, id) => {
      const person = me(call);
      const { space } = spaceAt(call, id ?? '', 'view');
      const pages = [...world.pages.values()]
        .filter((page) => page.space === space.id && page.trashed === null)
        .filter((page) => pageLevel(world, page, person) !== null)
        .sort(compare);
      return ok({ pages: pages.map(rowOf) });
    },
  ],
  [
    'GET spaces/:id/trash',
    (call, id) => {
      const person = me(call);
      const { space } = spaceAt(call, id ?? '', 'edit');
      const pages = [...world.pages.values()].filter(
        (page) => page.space === space.id && page.trashed !== null && pageLevel(world, page, person) !== null,
      );
      const top = pages.filter((page) => !pages.some((other) => other.id === page.parent));
      return ok({ pages: top.map((page) => ({ ...rowOf(page), trashed: page.trashed })) });
    },
  ],
];
