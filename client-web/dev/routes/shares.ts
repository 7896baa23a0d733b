import { randomBytes } from 'node:crypto';
import {
  done,
  inShare,
  linkOf,
  me,
  notFound,
  ok,
  pageOf,
  Refusal,
  type Route,
  reach,
  rowOf,
  shareJson,
  world,
} from '../stand';
import { below, newId, type Share } from '../state';

export const SHARES: Route[] = [
  [
    'GET pages/:id/shares',
    (call, id) => {
      const { page } = reach(call, id ?? '', 'view');
      return ok({
        shares: [...world.shares.values()].filter((share) => share.page === page.id).map(shareJson),
      });
    },
  ],
  [
    'POST pages/:id/shares',
    (call, id) => {
      const { page } = reach(call, id ?? '', 'edit');
      const share: Share = {
        id: newId(),
        page: page.id,
        secret: randomBytes(32).toString('base64url'),
        level: call.body.level,
        subtree: call.body.subtree ?? false,
        password: call.body.password ?? null,
        expires: call.body.expires ?? null,
        indexed: call.body.indexed ?? false,
        created: Date.now(),
        by: me(call).id,
      };
      world.shares.set(share.id, share);
      return ok({ ...shareJson(share), link: linkOf(share) }, 201);
    },
  ],
  [
    'PATCH shares/:id',
    (call, id) => {
      const share = world.shares.get(id ?? '');
      if (share === undefined) throw notFound();
      Object.assign(share, call.body);
      return ok(shareJson(share));
    },
  ],
  [
    'DELETE shares/:id',
    (_call, id) => {
      world.shares.delete(id ?? '');
      return done;
    },
  ],
  [
    'POST shares/:id/link',
    (_call, id) => {
      const share = world.shares.get(id ?? '');
      if (share === undefined) throw notFound();
      share.secret = randomBytes(32).toString('base64url');
      return ok({ link: linkOf(share) });
    },
  ],
  [
    'GET shared/:secret',
    (call, secret) => {
      const share = [...world.shares.values()].find((one) => one.secret === secret);
      const page = share && world.pages.get(share.page);
      if (
        share === undefined ||
        page === undefined ||
        page.trashed !== null ||
        (share.expires ?? Number.POSITIVE_INFINITY) < Date.now()
      ) {
        throw new Refusal(410, 'gone', 'This link has ended.');
      }
      if (share.password !== null && call.cookies.get('weft-share') !== share.id)
        return ok({ needsPassword: true });
      const pages = share.subtree
        ? [page, ...below(world, page.id).filter((one) => inShare(share, one))]
        : [page];
      return ok({
        page: { ...pageOf(page, share.level, null), breadcrumb: [], grants: undefined, audience: undefined },
        pages: pages.map(rowOf),
      });
    },
  ],
  [
    'POST shared/:secret/unlock',
    (call, secret) => {
      const share = [...world.shares.values()].find((one) => one.secret === secret);
      if (share === undefined) throw new Refusal(410, 'gone', 'This link has ended.');
      if (share.password !== call.body.password)
        throw new Refusal(401, 'wrong', 'The password is wrong.', 'password');
      call.setCookie(`weft-share=${share.id}; Path=/`);
      return done;
    },
  ],
];
