// The same server process as in the compatibility matrix, with a wiki in it that has an owner, and people.
import assert from 'node:assert/strict'
import * as Y from 'yjs'
import { until } from '../../compat/world/pulse.mjs'
import { Server as Process } from '../../compat/world/server.mjs'

/** Good enough for a server that asks for good ones. */
export const PASSWORD = 'three herons weave by the lake'
const OWNER = 'Olga'
const SET_UP_LINK = /https?:\/\/\S+\/setup\?token=\S+/
/** A title that was written is in the lists by then. */
const TITLED_MS = 30_000

export class Server extends Process {
  /** Starts a fresh server that Olga owns; or one that nobody owns yet. `flags` gives more flags for its port. */
  static async start ({ setUp = true, flags } = {}) {
    const server = await super.start(flags)
    try {
      // It answers before it has said so, and what it says comes by another way.
      await until(() => `the terminal says how to set up the server; it said:\n${server.log}`, () => SET_UP_LINK.test(server.log))
      if (setUp) await server.setUp(OWNER)
    } catch (error) {
      // Nobody has it yet who could end it, and a file whose server runs on never ends.
      await server.end()
      throw error
    }
    return server
  }

  /** The link that makes an owner, which only the terminal tells. */
  get setUpLink () {
    return new URL(SET_UP_LINK.exec(this.log)[0])
  }

  /** Somebody becomes the owner. */
  async setUp (name) {
    const token = this.setUpLink.searchParams.get('token')
    this.people = new Map()
    const owner = await this.enter('/api/setup', name, { token })
    this.people.set(name, owner)
    return owner
  }

  /** The account of somebody by that name, made when it is first asked for. `change` is as in `PATCH /api/me`. */
  async account (name, { role = 'member', ...change } = {}) {
    let account = this.people.get(name)
    if (account === undefined) {
      const { link } = await this.api('/api/invitations', { method: 'POST', body: { role } })
      account = await this.enter(`/api/invitations/${new URL(link).pathname.split('/').at(-1)}`, name)
      this.people.set(name, account)
    }
    if (Object.keys(change).length > 0) await this.api('/api/me', { method: 'PATCH', body: change, by: name })
    return account
  }

  async enter (path, name, more = {}) {
    const email = `${name.toLowerCase().replace(/[^a-z0-9]+/g, '.')}@example.org`
    const answer = await this.ask(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...more, name, email, password: PASSWORD })
    })
    assert.equal(answer.status, 201, `${path}: ${await answer.clone().text()}`)
    const [cookie] = answer.headers.getSetCookie().map(set => /^weft=([^;]+)/.exec(set)).filter(found => found !== null)
    assert.ok(cookie, 'the answer signs in')
    return { name, email, cookie: cookie[1], me: await answer.json() }
  }


  /** A request as somebody who is signed in, Olga unless told otherwise. `body` is sent as JSON unless it is bytes. */
  async as (path, { by = OWNER, method = 'GET', body, headers = {} } = {}) {
    const isBytes = body instanceof Uint8Array
    const answer = await this.ask(path, {
      method,
      headers: {
        cookie: `weft=${this.people.get(by).cookie}`,
        ...(body === undefined ? {} : { 'content-type': isBytes ? 'application/octet-stream' : 'application/json' }),
        ...headers
      },
      ...(body === undefined ? {} : { body: isBytes ? body : JSON.stringify(body) })
    })
    if (!answer.ok) throw new Error(`${answer.status} for ${method} ${path}: ${await answer.text()}`)
    return answer
  }

  /** The same, read as JSON; null where there is nothing to read. */
  async api (path, options) {
    const answer = await this.as(path, options)
    return answer.status === 204 ? null : answer.json()
  }

  /** A page of the first space, or below `parent`, with its title written into it; answers with its id. */
  async page (title, { parent, icon } = {}) {
    const { id: space } = await this.home()
    const { id } = await this.api('/api/pages', { method: 'POST', body: { space, ...(parent && { parent }), ...(icon && { icon }) } })
    const doc = new Y.Doc()
    const line = new Y.XmlElement('paragraph')
    line.insert(0, [new Y.XmlText(title)])
    doc.getXmlFragment('title').insert(0, [line])
    await this.as(`/api/docs/${encodeURIComponent(`page/${id}`)}/update`, { method: 'POST', body: Y.encodeStateAsUpdate(doc) })
    await until(() => `the wiki knows “${title}”`, async () => (await this.api(`/api/pages/${id}`)).title === title, TITLED_MS)
    return id
  }

  /** The first space, which every server begins with. */
  async home () {
    const { spaces } = await this.api('/api/spaces')
    return spaces[0]
  }
}
