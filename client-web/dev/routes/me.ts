import { randomBytes } from 'node:crypto';
import {
  challenge,
  checkChallenge,
  checkPassword,
  done,
  endSignIns,
  me,
  meOf,
  ok,
  Refusal,
  type Route,
  TOTP_CODE,
  tell,
  world,
} from '../stand';
import { newId } from '../state';

export const ME: Route[] = [
  ['GET me', (call) => ok(meOf(me(call)))],
  [
    'PATCH me',
    (call) => {
      const person = me(call);
      if (call.body.name !== undefined && String(call.body.name).trim() === '') {
        throw new Refusal(422, 'invalid', 'A name is needed.', 'name');
      }
      Object.assign(person, call.body);
      tell(() => ({ kind: 'person', person: { id: person.id } }));
      return ok(meOf(person));
    },
  ],
  [
    'PUT me/picture',
    (call) => {
      const person = me(call);
      person.picture = `data:${call.contentType};base64,${call.raw.toString('base64')}`;
      return ok(meOf(person));
    },
  ],
  [
    'DELETE me/picture',
    (call) => {
      me(call).picture = null;
      return done;
    },
  ],
  [
    'POST me/password',
    (call) => {
      const person = me(call);
      if (call.body.current !== person.password)
        throw new Refusal(401, 'wrong', 'The current password is wrong.', 'current');
      person.password = checkPassword(call.body.password);
      return done;
    },
  ],
  [
    'GET me/sign-ins',
    (call) => {
      const person = me(call);
      const own = [...world.signIns.values()].filter((one) => one.person === person.id);
      return ok({
        signIns: own.map(({ person: _, ...one }) => ({
          ...one,
          current: one.id === call.cookies.get('weft'),
        })),
      });
    },
  ],
  [
    'DELETE me/sign-ins',
    (call) => {
      const person = me(call);
      const own = [...world.signIns.values()].filter((one) => one.person === person.id);
      endSignIns(own.map(({ id }) => id).filter((id) => id !== call.cookies.get('weft')));
      return done;
    },
  ],
  [
    'DELETE me/sign-ins/:id',
    (call, id) => {
      me(call);
      endSignIns([id ?? '']);
      return done;
    },
  ],
  [
    'GET me/tokens',
    (call) => {
      const person = me(call);
      return ok({ tokens: [...world.tokens.values()].filter((one) => one.person === person.id) });
    },
  ],
  [
    'POST me/tokens',
    (call) => {
      const token = {
        id: newId(),
        person: me(call).id,
        used: null,
        expires: null,
        created: Date.now(),
        ...call.body,
      };
      world.tokens.set(token.id, token);
      return ok({ ...token, secret: `weft_${randomBytes(32).toString('base64url')}` }, 201);
    },
  ],
  [
    'DELETE me/tokens/:id',
    (call, id) => {
      me(call);
      world.tokens.delete(id ?? '');
      return done;
    },
  ],
  [
    'POST me/totp',
    (call) => {
      const { email } = me(call);
      return ok({
        secret: 'JBSW Y3DP EHPK 3PXP',
        link: `otpauth://totp/Weft:${email}?secret=JBSWY3DPEHPK3PXP&issuer=Weft`,
      });
    },
  ],
  [
    'POST me/totp/confirm',
    (call) => {
      if (call.body.code !== TOTP_CODE) throw new Refusal(422, 'invalid', 'The code is wrong.', 'code');
      me(call).totp = true;
      return ok({ recoveryCodes: Array.from({ length: 10 }, () => newId().slice(0, 10)) });
    },
  ],
  [
    'DELETE me/totp',
    (call) => {
      const person = me(call);
      if (call.body.password !== person.password)
        throw new Refusal(401, 'wrong', 'The password is wrong.', 'password');
      person.totp = false;
      return done;
    },
  ],
  ['GET me/passkeys', (call) => ok({ passkeys: me(call).passkeys })],
  [
    'POST me/passkeys/options',
    (call) => {
      const { id, name, email, passkeys } = me(call);
      return ok({
        options: {
          rp: { id: 'localhost', name: 'Lindqvist & Co' },
          user: { id, name: email, displayName: name },
          challenge: challenge(),
          pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
          excludeCredentials: passkeys.map((one) => ({ type: 'public-key', id: one.id })),
          authenticatorSelection: { residentKey: 'required', userVerification: 'preferred' },
        },
      });
    },
  ],
  [
    'POST me/passkeys',
    (call) => {
      const { name, credential } = call.body;
      checkChallenge(credential);
      const passkey = { id: credential.id, name, created: Date.now(), used: null };
      me(call).passkeys.push(passkey);
      return ok(passkey, 201);
    },
  ],
  [
    'DELETE me/passkeys/:id',
    (call, id) => {
      const person = me(call);
      person.passkeys = person.passkeys.filter((one) => one.id !== id);
      return done;
    },
  ],
];
