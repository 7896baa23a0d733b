import { randomBytes } from 'node:crypto';
import { admin, done, me, notFound, ok, Refusal, type Route, world } from '../stand';

export const SERVER: Route[] = [
  [
    'GET audit',
    (call) => {
      admin(call);
      if (call.query.get('format') === 'csv') return { status: 200, text: 'id,at,kind\n', type: 'text/csv' };
      const kind = call.query.get('kind');
      const before = Number(call.query.get('before') ?? Number.POSITIVE_INFINITY);
      const limit = Number(call.query.get('limit') ?? 50);
      const all = world.audit.filter(
        (one) => (kind === null || one.kind === kind) && Number(one.id) < before,
      );
      const entries = all.slice(0, limit).map((one) => ({
        ...one,
        by: one.by === null ? null : { id: one.by, name: world.people.get(one.by)?.name ?? '' },
      }));
      return ok({ entries, next: all.length > limit ? (entries.at(-1)?.id ?? null) : null });
    },
  ],
  [
    'GET admin/live',
    () => {
      throw new Refusal(426, 'not_a_socket', 'This is for a WebSocket.');
    },
  ],
  [
    'GET apps',
    (call) => {
      admin(call);
      return ok({ apps: [...world.apps.values()] });
    },
  ],
  [
    'POST apps',
    (call) => {
      admin(call);
      if (world.apps.has(call.body.app)) throw new Refusal(409, 'conflict', 'This app exists.', 'app');
      const app = { ...call.body, created: Date.now() };
      world.apps.set(app.app, app);
      return ok(app, 201);
    },
  ],
  [
    'PATCH apps/:app',
    (call, id) => {
      const app = world.apps.get(id ?? '');
      if (app === undefined) throw notFound();
      app.name = call.body.name;
      return ok(app);
    },
  ],
  [
    'DELETE apps/:app',
    (call, id) => {
      admin(call);
      world.apps.delete(id ?? '');
      return done;
    },
  ],
  [
    'POST apps/:app/tokens',
    (call) =>
      ok({
        token: `weft_${randomBytes(32).toString('base64url')}`,
        expires: Date.now() + (call.body.seconds ?? 3600) * 1000,
      }),
  ],
  [
    'GET docs',
    (call) => {
      me(call);
      return ok({ documents: [] });
    },
  ],
];
