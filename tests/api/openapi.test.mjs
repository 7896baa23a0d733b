// The server against its own description, server/openapi.json: a fuzzer asks whatever that allows, and what it forbids.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { describe, test } from 'node:test'
import { PASSWORD, Server } from '../e2e/world/server.mjs'

const SCHEMA = path.join(import.meta.dirname, '../../server/openapi.json')
/** Requests made up for each operation, besides those at its limits; more find more: `WEFT_FUZZ_EXAMPLES=500`. */
const EXAMPLES = process.env.WEFT_FUZZ_EXAMPLES ?? '9'
const AT_ONCE = 2
/** Pages, spaces and people to ask about: some are gone before the end. */
const OF_EACH = 12
/** These end the sign-in that asks; the fuzzer learns its id from an answer. */
const ENDINGS = ['DELETE /api/me/sign-ins', 'DELETE /api/me/sign-ins/{id}', 'POST /api/sign-out']

/** A wiki with something of everything. */
async function furnish (server) {
  const make = (path, body) => server.api(path, { method: 'POST', body })
  const each = async one => {
    const made = []
    for (let number = 0; number < OF_EACH; number++) made.push(await one(number))
    return made
  }
  const secret = ({ link }) => new URL(link).pathname.split('/').at(-1)
  const people = await each(async number => (await server.account(`Person ${number}`)).me.id)
  const spaces = await each(async number => (await make('/api/spaces', { name: `Space ${number}`, ...(number % 2 && { members: 'edit' }) })).id)
  const pages = await each(async number => (await make('/api/pages', { space: spaces[number] })).id)
  const groups = await each(async number => (await make('/api/groups', { name: `Group ${number}` })).id)
  const shares = await each(number => make(`/api/pages/${pages[number]}/shares`, { level: number % 2 ? 'view' : 'edit' }))
  const invitations = await each(() => make('/api/invitations', { role: 'member' }))
  const resets = await each(async number => secret(await make(`/api/people/${people[number]}/reset`)))
  const apps = await each(async number => (await make('/api/apps', { app: `app-${number}`, name: `App ${number}`, origins: [] })).app)
  const docs = pages.map(id => `page/${id}`)
  const versions = []
  for (const doc of docs) {
    const path = `/api/docs/${encodeURIComponent(doc)}`
    await server.as(`${path}/update`, { method: 'POST', body: Uint8Array.of(1, 1, 1, 0, 4, 1, 1, 116, 2, 104, 105, 0) })
    versions.push((await make(`${path}/versions`, { name: 'First' })).id)
  }
  return {
    paths: {
      people, spaces, pages, groups, apps, docs, versions,
      at: [0, 1],
      shares: shares.map(({ id }) => id),
      shared: shares.map(secret),
      invitations: invitations.map(secret),
      'password-resets': resets
    },
    body: {
      space: spaces, parent: pages, after: pages, person: people, group: groups, add: [people.slice(0, 2)], remove: [people.slice(0, 1)],
      level: ['view', 'comment', 'edit', 'manage'],
      members: ['view', 'edit'],
      role: ['guest', 'member', 'admin'],
      scope: ['read', 'write', 'admin'],
      password: [PASSWORD, 'another good one, for the herons'],
      to: [0, 1], seq: [1], room: ['a room'], prefix: ['a'], seconds: [60]
    }
  }
}

/** Lets the fuzzer ask `server` with these headers; every answer must be one that the description names. */
async function fuzz (server, headers) {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'weft-api-'))
  const args = [
    'run', SCHEMA, '--url', server.http, ...Object.entries(headers).flatMap(([name, value]) => ['--header', `${name}: ${value}`]),
    // A request may fit its description and still be refused: not every rule of a name or an id is told there.
    '--checks', 'all', '--exclude-checks', 'positive_data_acceptance',
    '--phases', 'examples,coverage,fuzzing', '--max-examples', EXAMPLES, '--seed', '1', '--continue-on-failure', '--no-color',
    '--suppress-health-check', 'all',
    ...ENDINGS.flatMap(name => ['--exclude-name', name])
  ]
  try {
    const fuzzer = spawn(process.env.WEFT_SCHEMATHESIS, args, {
      // It leaves its notes where it runs.
      cwd: folder,
      env: { ...process.env, SCHEMATHESIS_HOOKS: path.join(import.meta.dirname, 'hooks.py'), WEFT_KNOWN: JSON.stringify(server.known) }
    })
    let said = ''
    for (const stream of [fuzzer.stdout, fuzzer.stderr]) stream.setEncoding('utf8').on('data', text => { said += text })
    const code = await new Promise((resolve, reject) => fuzzer.on('error', reject).on('close', resolve))
    assert.equal(code, 0, `the fuzzer found something:\n${said}`)
    assert.match(said, /[0-9]{4} generated, [0-9]{4} passed/)
    assert.equal((await server.ask('/ready')).status, 200)
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** A case on a server of its own: a fuzzer changes and removes what it finds. */
const on = (name, run) => test(name, async () => {
  const server = await Server.start()
  try {
    server.known = await furnish(server)
    await run(server)
  } finally {
    await server.end()
  }
})

describe('every answer is one that openapi.json tells of', { concurrency: AT_ONCE }, () => {
  on('to the owner', async server => {
    const headers = { Cookie: `weft=${server.people.get('Olga').cookie}` }
    await fuzz(server, headers)
    assert.equal((await server.ask('/api/me', { headers })).status, 200, 'the sign-in lasted to the end')
  })

  on('to a member with an API token', async server => {
    const { secret } = await server.api('/api/me/tokens', { method: 'POST', by: 'Person 11', body: { name: 'fuzz', scope: 'write' } })
    await fuzz(server, { Authorization: `Bearer ${secret}` })
  })

  on('to a stranger', server => fuzz(server, {}))
})
