import {
  admin,
  audit,
  checkPassword,
  done,
  forbidden,
  me,
  meOf,
  notFound,
  ok,
  Refusal,
  type Route,
  signIn,
  tell,
  world,
} from '../stand';
import { addPerson, newId } from '../state';

export const PEOPLE: Route[] = [
  [
    'GET invitations',
    (call) => {
      admin(call);
      return ok({ invitations: [...world.invitations.values()].map(({ secret: _, ...one }) => one) });
    },
  ],
  [
    'POST invitations',
    (call) => {
      const by = admin(call);
      const one = {
        id: newId(),
        secret: newId(),
        email: null,
        spaces: [],
        created: Date.now(),
        expires: Date.now() + 7 * 86_400_000,
        by: by.id,
        ...call.body,
      };
      world.invitations.set(one.id, one);
      audit(call, 'invited', one.email);
      return ok({ id: one.id, link: `http://localhost/invite/${one.secret}`, sent: false }, 201);
    },
  ],
  [
    'DELETE invitations/:id',
    (call, id) => {
      admin(call);
      world.invitations.delete(id ?? '');
      return done;
    },
  ],
  [
    'GET invitations/:secret',
    (_call, secret) => {
      const one = [...world.invitations.values()].find((each) => each.secret === secret);
      if (one === undefined) throw new Refusal(410, 'gone', 'This invitation has been used or has ended.');
      return ok({
        email: one.email,
        by: world.people.get(one.by)?.name ?? '',
        server: 'Lindqvist & Co',
        role: one.role,
      });
    },
  ],
  [
    'POST invitations/:secret',
    (call, secret) => {
      const one = [...world.invitations.values()].find((each) => each.secret === secret);
      if (one === undefined) throw new Refusal(410, 'gone', 'This invitation has been used or has ended.');
      if ([...world.people.values()].some(({ email }) => email === call.body.email)) {
        throw new Refusal(409, 'email_taken', 'This e-mail has an account.', 'email');
      }
      checkPassword(call.body.password);
      const person = addPerson(world, call.body.name, call.body.email, call.body.password, one.role);
      for (const { space, level } of one.spaces)
        world.spaces.get(space)?.grants.push({ who: { person: person.id }, level });
      world.invitations.delete(one.id);
      return ok(signIn(call, person), 201);
    },
  ],
  [
    'GET people',
    (call) => {
      const isAdmin = ['owner', 'admin'].includes(me(call).role);
      return ok({
        people: [...world.people.values()].map(
          ({ id, name, color, picture, role, suspended, email, created, seen }) => ({
            id,
            name,
            color,
            picture,
            role,
            suspended,
            ...(isAdmin ? { email, created, seen, signIn: 'password' } : {}),
          }),
        ),
      });
    },
  ],
  [
    'PATCH people/:id',
    (call, id) => {
      admin(call);
      const person = world.people.get(id ?? '');
      if (person === undefined) throw notFound();
      const owners = [...world.people.values()].filter(({ role }) => role === 'owner');
      const isLast = person.role === 'owner' && owners.length === 1;
      if (isLast && ((call.body.role ?? 'owner') !== 'owner' || call.body.suspended === true)) {
        throw new Refusal(409, 'last_owner', 'Somebody has to be the owner.');
      }
      Object.assign(person, call.body);
      tell(() => ({ kind: 'person', person: { id: person.id } }));
      return ok(meOf(person));
    },
  ],
  [
    'POST people/:id/reset',
    (call, id) => {
      admin(call);
      const secret = newId();
      world.resets.set(secret, id ?? '');
      return ok({ link: `http://localhost/reset/${secret}` }, 201);
    },
  ],
  [
    'DELETE people/:id',
    (call, id) => {
      if (me(call).role !== 'owner') throw forbidden();
      world.people.delete(id ?? '');
      tell(() => ({ kind: 'person', person: { id } }));
      return done;
    },
  ],
  [
    'GET groups',
    (call) => {
      me(call);
      return ok({ groups: [...world.groups.values()] });
    },
  ],
  [
    'POST groups',
    (call) => {
      admin(call);
      const group = { id: newId(), name: call.body.name, people: [] };
      world.groups.set(group.id, group);
      return ok(group, 201);
    },
  ],
  [
    'PATCH groups/:id',
    (call, id) => {
      admin(call);
      const group = world.groups.get(id ?? '');
      if (group === undefined) throw notFound();
      group.name = call.body.name ?? group.name;
      const remove: string[] = call.body.remove ?? [];
      group.people = [...new Set([...group.people, ...(call.body.add ?? [])])].filter(
        (one) => !remove.includes(one),
      );
      return ok(group);
    },
  ],
  [
    'DELETE groups/:id',
    (call, id) => {
      admin(call);
      world.groups.delete(id ?? '');
      return done;
    },
  ],
];
