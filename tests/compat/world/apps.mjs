// Foreign apps, and a backend of one: it signs tokens as any program does that knows how a JWT is made.
import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync, sign as signWith } from 'node:crypto'
import { until } from './pulse.mjs'

const SET_UP = /\/setup\?token=(\S+)/
const PASSWORD = 'three herons weave by the lake'

const part = value => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** Sets a fresh server up; answers with its owner, who may do everything. */
export async function becomeOwner (server) {
  await until('the terminal says how to set up the server', () => SET_UP.test(server.log))
  const body = { token: SET_UP.exec(server.log)[1], name: 'Olga', email: 'olga@example.org', password: PASSWORD }
  const json = { 'content-type': 'application/json' }
  const answer = await server.ask('/api/setup', { method: 'POST', headers: json, body: JSON.stringify(body) })
  assert.equal(answer.status, 201)
  const [cookie] = answer.headers.getSetCookie()[0].split(';')
  return {
    async does (method, path, body) {
      const headers = { cookie, ...(body === undefined ? {} : json) }
      const answer = await server.ask(path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
      assert.ok(answer.ok, `${method} ${path}: ${answer.status}`)
      return answer.status === 204 ? null : answer.json()
    }
  }
}

/** Registers an app. */
export const addApp = (owner, app) => owner.does('POST', '/api/apps', { app, name: `The app ${app}` })

/** What a token says; `exp` is told in seconds from now. */
export function claims (app, { exp = 300, ...more }) {
  return { aud: 'weft', app, access: 'write', exp: Math.floor(Date.now() / 1000) + exp, ...more }
}

/** A token signed with a shared secret; without one, with none. */
export function sign (secret, claims) {
  const signed = `${part({ alg: secret === null ? 'none' : 'HS256', typ: 'JWT' })}.${part(claims)}`
  return `${signed}.${secret === null ? '' : createHmac('sha256', secret).update(signed).digest('base64url')}`
}

/** A token signed with a new key of the app's own, and that key's public half. */
export function signEd25519 (claims) {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const signed = `${part({ alg: 'EdDSA' })}.${part(claims)}`
  const token = `${signed}.${signWith(null, Buffer.from(signed), privateKey).toString('base64url')}`
  return { token, publicKey: publicKey.export({ format: 'jwk' }).x }
}
