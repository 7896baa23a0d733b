// Runs the browser tests against the binary that WEFT_BIN names: `WEFT_BIN=… npm test [-- part-of-a-file-name …]`.
// With WEFT_SHOTS=1 it also leaves pictures of what it saw in `shots`.
//
// Each file drives a browser of its own, which wants most of a processor; two of them leave none idle on a small machine.
import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'

const FILES_AT_ONCE = 2
const TIMEOUT_MS = 300_000

const binary = process.env.WEFT_BIN
if (!binary || !existsSync(binary)) {
  console.error(`WEFT_BIN must name the weft binary to test; ${binary ? `there is nothing at ${binary}` : 'it is not set'}`)
  process.exit(2)
}

const wanted = process.argv.slice(2)
const folder = path.join(import.meta.dirname, 'cases')
const files = readdirSync(folder)
  .filter(name => name.endsWith('.test.mjs') && (wanted.length === 0 || wanted.some(part => name.includes(part))))
  .sort()
  .map(name => path.join('cases', name))

const child = spawn(process.execPath, [
  '--test', '--test-reporter=spec', `--test-concurrency=${FILES_AT_ONCE}`, `--test-timeout=${TIMEOUT_MS}`, ...files
], { cwd: import.meta.dirname, stdio: 'inherit', env: { ...process.env, WEFT_BIN: path.resolve(binary) } })
child.on('close', code => process.exit(code ?? 1))
