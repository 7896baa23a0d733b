// A Weft process on a free port and a directory of its own, which can be stopped in every way and started again in the
// same place. The binary is named by WEFT_BIN.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { beat, named, until } from './pulse.mjs'

const READY_WITHIN_MS = 20_000
const LOG_CHARS_MAX = 20_000
/** A request without an answer by then has none. */
const ANSWER_MS = 20_000
/** Longer than a server may take to stop. */
const ENDED_MS = 30_000

/** Servers that still run when this process ends, however it ends, go with it. */
const running = new Set()
process.on('exit', () => running.forEach(child => child.kill('SIGKILL')))
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))

async function freePort () {
  const listener = net.createServer()
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address()
  listener.close()
  await once(listener, 'close')
  return port
}

export class Server {
  /** Starts a fresh server; resolves when it answers. `flags` gives more flags for its port. */
  static async start (flags = () => []) {
    if (!process.env.WEFT_BIN) throw new Error('WEFT_BIN must name the weft binary to test')
    const data = await mkdtemp(path.join(os.tmpdir(), 'weft-compat-'))
    const server = new Server(data, await freePort(), flags)
    await server.run()
    return server
  }

  constructor (data, port, flags = () => []) {
    this.data = data
    this.port = port
    this.flags = flags(port)
    this.log = ''
    this.process = null
  }

  get http () {
    return `http://127.0.0.1:${this.port}`
  }

  get ws () {
    return `ws://127.0.0.1:${this.port}/ws`
  }

  /** Starts the process on the directory and port it had before. */
  async run () {
    const child = spawn(process.env.WEFT_BIN, ['serve', '--listen', `127.0.0.1:${this.port}`, '--data', this.data, '--open', ...this.flags], {
      stdio: ['ignore', 'pipe', 'pipe'],
      // Names of ours (WEFT_BIN, WEFT_TRACES) are no settings of the server, which refuses what it does not know.
      env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('WEFT_')))
    })
    const keep = chunk => { this.log = (this.log + chunk).slice(-LOG_CHARS_MAX) }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.on('error', error => keep(`${error}\n`))
    running.add(child)
    child.exited = new Promise(resolve => child.once('close', (code, signal) => {
      running.delete(child)
      resolve({ code, signal })
    }))
    this.process = child
    await until(() => `the server answers /ready; it said:\n${this.log}`, async () => {
      if (child.exitCode !== null || child.signalCode !== null) {
        throw new Error(`the server ended before it was ready; it said:\n${this.log}`)
      }
      return this.ask('/ready').then(answer => answer.ok, () => false)
    }, READY_WITHIN_MS)
  }

  /** Ends the process by a signal and waits until it is gone: `{ code, signal }`. */
  async stop (signal = 'SIGTERM') {
    const child = this.process
    if (!child) return { code: 0, signal: null }
    this.process = null
    child.kill(signal)
    let end = null
    child.exited.then(how => {
      end = how
      beat()
    })
    return until(() => `the server ends after ${signal}; it said:\n${this.log}`, () => end, ENDED_MS)
  }

  async restart (signal) {
    const end = await this.stop(signal)
    await this.run()
    return end
  }

  /** A request to the server, which fails when it gets no answer. */
  async ask (path, options = {}) {
    return named(`the server answers ${path}`, fetch(`${this.http}${path}`, { ...options, signal: AbortSignal.timeout(ANSWER_MS) }))
  }

  /** The text root of a document as the server tells it, or null while it does not know the document. */
  async text (name) {
    const answer = await this.ask(`/api/docs/${encodeURIComponent(name)}/text`)
    if (answer.status === 404) return null
    if (!answer.ok) throw new Error(`${answer.status} for the text of ${JSON.stringify(name)}: ${await answer.text()}`)
    return answer.text()
  }

  /** Merges an update into a document by a request. */
  async post (name, update) {
    const answer = await this.ask(`/api/docs/${encodeURIComponent(name)}/update`, { method: 'POST', body: update })
    if (!answer.ok) throw new Error(`${answer.status} for an update of ${JSON.stringify(name)}: ${await answer.text()}`)
  }

  async end () {
    await this.stop('SIGKILL')
    await rm(this.data, { recursive: true, force: true })
  }
}
