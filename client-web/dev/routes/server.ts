import { randomBytes } from 'node:crypto';
import { admin, type Call, done, me, notFound, ok, Refusal, type Route, world } from '../stand';
import { type AppRow, newId } from '../state';

function appOf(call: Call, id: string | undefined): AppRow {
  admin(call);
  const app = world.apps.get(id ?? '');
  if (app === undefined) throw notFound();
  return app;
}

/** The app with one more key, and its secret unless the key is its own. */
function withKey(app: AppRow, publicKey: string | undefined): object {
  const kind = publicKey === undefined ? 'secret' : 'public';
  app.keys.push({
    id: newId(),
    kind,
    ...(publicKey === undefined ? {} : { publicKey }),
    created: Date.now(),
  });
  return kind === 'public' ? app : { ...app, secret: `weft_app_${randomBytes(32).toString('base64url')}` };
}

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
      if (world.apps.has(call.body.app)) throw new Refusal(409, 'taken', 'This app exists.', 'app');
      const app: AppRow = {
        app: call.body.app,
        name: call.body.name,
        keys: [],
        origins: [],
        created: Date.now(),
        documents: 0,
        rooms: 0,
        sessions: 0,
        memoryBytes: 0,
      };
      world.apps.set(app.app, app);
      return ok(withKey(app, call.body.publicKey), 201);
    },
  ],
  [
    'PATCH apps/:app',
    (call, id) => {
      const app = appOf(call, id);
      app.name = call.body.name ?? app.name;
      app.origins = call.body.origins ?? app.origins;
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
  ['POST apps/:app/keys', (call, id) => ok(withKey(appOf(call, id), call.body.publicKey), 201)],
  [
    'DELETE apps/:app/keys/:key',
    (call, id, key) => {
      const app = appOf(call, id);
      app.keys = app.keys.filter((one) => one.id !== key);
      return done;
    },
  ],
  [
    'GET docs',
    (call) => {
      me(call);
      return ok({ documents: [] });
    },
  ],
];
