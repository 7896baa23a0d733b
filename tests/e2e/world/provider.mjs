// An OpenID provider that says yes: whoever is sent to it comes back as the person it was started with.
import { createHash, createSign, generateKeyPairSync, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'

const CLIENT = 'weft'
const encode = value => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

export class Provider {
  static async start (person) {
    const provider = new Provider(person)
    provider.listener.listen(0, '127.0.0.1')
    await once(provider.listener, 'listening')
    return provider
  }

  constructor (person) {
    this.person = person
    this.keys = generateKeyPairSync('rsa', { modulusLength: 2048 })
    /** What was asked for, by the code that was given for it. */
    this.asked = new Map()
    this.listener = http.createServer((request, response) => {
      this.answer(request, response).catch(error => { response.writeHead(500).end(String(error)) })
    })
  }

  get url () {
    return `http://127.0.0.1:${this.listener.address().port}`
  }

  /** The server's flags. */
  get flags () {
    return ['--oidc-issuer', this.url, '--oidc-client-id', CLIENT, '--oidc-label', 'Harbour ID']
  }

  async answer (request, response) {
    const { pathname, searchParams } = new URL(request.url, this.url)
    const json = value => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    if (pathname === '/.well-known/openid-configuration') {
      return json({
        issuer: this.url,
        authorization_endpoint: `${this.url}/authorize`,
        token_endpoint: `${this.url}/token`,
        jwks_uri: `${this.url}/keys`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256']
      })
    }
    if (pathname === '/keys') {
      const { n, e } = this.keys.publicKey.export({ format: 'jwk' })
      return json({ keys: [{ kty: 'RSA', use: 'sig', alg: 'RS256', kid: 'one', n, e }] })
    }
    if (pathname === '/authorize') {
      const code = randomUUID()
      this.asked.set(code, { nonce: searchParams.get('nonce'), challenge: searchParams.get('code_challenge') })
      const back = new URL(searchParams.get('redirect_uri'))
      back.searchParams.set('code', code)
      back.searchParams.set('state', searchParams.get('state'))
      return response.writeHead(302, { location: back.href }).end()
    }
    if (pathname === '/token') {
      const parts = await request.toArray()
      const form = new URLSearchParams(Buffer.concat(parts).toString())
      const asked = this.asked.get(form.get('code'))
      this.asked.delete(form.get('code'))
      const proven = createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url')
      if (asked === undefined || proven !== asked.challenge) return response.writeHead(400).end('{"error":"invalid_grant"}')
      return json({ access_token: randomUUID(), token_type: 'Bearer', expires_in: 60, id_token: this.token(asked.nonce) })
    }
    response.writeHead(404).end()
  }

  token (nonce) {
    const now = Math.floor(Date.now() / 1_000)
    const claims = { iss: this.url, aud: CLIENT, iat: now, exp: now + 60, nonce, email_verified: true, ...this.person }
    const signed = `${encode({ alg: 'RS256', kid: 'one', typ: 'JWT' })}.${encode(claims)}`
    return `${signed}.${createSign('RSA-SHA256').update(signed).sign(this.keys.privateKey, 'base64url')}`
  }

  async end () {
    this.listener.closeAllConnections()
    this.listener.close()
    await once(this.listener, 'close')
  }
}
