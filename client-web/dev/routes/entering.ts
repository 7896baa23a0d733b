import {
  challenge,
  checkChallenge,
  checkPassword,
  done,
  endSignIns,
  notFound,
  ok,
  Refusal,
  type Route,
  rooms,
  SETUP_TOKEN,
  signIn,
  start,
  TOTP_CODE,
  world,
} from '../stand';
import { addPage, addPerson, addSpace, type Person } from '../state';

export const ENTERING: Route[] = [
  [
    'POST stub/start',
    (call) => {
      start({ fresh: call.query.has('fresh'), many: Number(call.query.get('many') ?? 0) });
      return done;
    },
  ],
  [
    'GET server',
    () =>
      ok({
        version: '0.0.0 (stand-in)',
        name: 'Lindqvist & Co',
        setUp: world.setUp,
        openRooms: true,
        mail: false,
        signIn: {
          password: true,
          passkeys: true,
          totp: true,
          providers: [{ id: 'corp', label: 'Corporate account' }],
        },
      }),
  ],
  [
    'GET setup',
    (call) => {
      if (world.setUp) throw notFound();
      if (call.query.get('token') !== SETUP_TOKEN)
        throw new Refusal(403, 'wrong', 'This link is not the right one.');
      return done;
    },
  ],
  [
    'POST setup',
    (call) => {
      if (world.setUp) throw notFound();
      if (call.body.token !== SETUP_TOKEN) throw new Refusal(403, 'wrong', 'This link is not the right one.');
      checkPassword(call.body.password);
      const person = addPerson(world, call.body.name, call.body.email, call.body.password, 'owner');
      world.setUp = true;
      const space = addSpace(world, 'Home', 'home', {
        grants: [{ who: { person: person.id }, level: 'manage' }],
      });
      const page = addPage(world, person.id, { space: space.id, title: 'Welcome', icon: '👋' });
      rooms.write(`page/${page.id}`, page.title, ['Everybody who is invited can write here.']);
      return ok(signIn(call, person), 201);
    },
  ],
  [
    'POST sign-in',
    (call) => {
      const person = [...world.people.values()].find(
        ({ email }) => email === String(call.body.email).toLowerCase(),
      );
      if (call.body.password === 'locked') throw new Refusal(429, 'locked_out', 'Too many tries.');
      if (person === undefined || person.password !== call.body.password || person.suspended) {
        throw new Refusal(401, 'wrong', 'E-mail or password are wrong.');
      }
      if (person.totp && call.body.code === undefined)
        throw new Refusal(401, 'code_needed', 'A code is due.');
      if (person.totp && call.body.code !== TOTP_CODE)
        throw new Refusal(401, 'wrong', 'The code is wrong.', 'code');
      return ok(signIn(call, person));
    },
  ],
  [
    'POST sign-in/passkey/options',
    () => ok({ options: { rpId: 'localhost', challenge: challenge(), userVerification: 'preferred' } }),
  ],
  [
    'POST sign-in/passkey',
    (call) => {
      const { credential } = call.body;
      checkChallenge(credential);
      const has = ({ passkeys }: Person): boolean => passkeys.some(({ id }) => id === credential.id);
      const person = [...world.people.values()].find(has);
      if (person === undefined || person.suspended)
        throw new Refusal(401, 'wrong', 'Nobody has this passkey.');
      return ok(signIn(call, person));
    },
  ],
  [
    'POST sign-out',
    (call) => {
      endSignIns([call.cookies.get('weft') ?? '']);
      call.setCookie('weft=; Path=/; Max-Age=0');
      return done;
    },
  ],
  ['POST password-resets', () => ({ status: 202 })],
  [
    'GET password-resets/:secret',
    (_call, secret) => {
      const person = world.people.get(world.resets.get(secret ?? '') ?? '');
      if (person === undefined) throw new Refusal(410, 'gone', 'This link has been used or has ended.');
      return ok({ email: person.email });
    },
  ],
  [
    'POST password-resets/:secret',
    (call, secret) => {
      const person = world.people.get(world.resets.get(secret ?? '') ?? '');
      if (person === undefined) throw new Refusal(410, 'gone', 'This link has been used or has ended.');
      person.password = checkPassword(call.body.password);
      world.resets.delete(secret ?? '');
      return done;
    },
  ],
];
