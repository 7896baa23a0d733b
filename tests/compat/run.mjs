// Runs the matrix against the binary that WEFT_BIN names: `WEFT_BIN=… npm test [-- part-of-a-file-name …]`.
//
// The files run beside one another, because most of their time is waiting for the clients' own clocks (30 s of silence,
// reconnect delays). The main job is CPU-bound and starts first.
import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'

const FILES_AT_ONCE = 4
const TIMEOUT_MS = 300_000 + Number(process.env.WEFT_QUIET_SECONDS ?? 0) * 1_000

const binary = process.env.WEFT_BIN
if (!binary || !existsSync(binary)) {
  console.error(`WEFT_BIN must name the weft binary to test; ${binary ? `there is nothing at ${binary}` : 'it is not set'}`)
  process.exit(2)
}

const wanted = process.argv.slice(2)
const folder = path.join(import.meta.dirname, 'cases')
const slowFirst = ['main_job', 'quiet_room', 'presence', 'restart']
const rank = name => (slowFirst.findIndex(slow => name.startsWith(slow)) + 1) || slowFirst.length + 1
const files = readdirSync(folder)
  .filter(name => name.endsWith('.test.mjs') && (wanted.length === 0 || wanted.some(part => name.includes(part))))
  .sort((one, other) => rank(one) - rank(other) || one.localeCompare(other))
  .map(name => path.join('cases', name))

const child = spawn(process.execPath, [
  '--test', '--test-reporter=spec', `--test-concurrency=${FILES_AT_ONCE}`, `--test-timeout=${TIMEOUT_MS}`, ...files
], { cwd: import.meta.dirname, stdio: 'inherit', env: { ...process.env, WEFT_BIN: path.resolve(binary) } })
child.on('close', code => process.exit(code ?? 1))
