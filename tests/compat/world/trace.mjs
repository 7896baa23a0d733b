// Real editing sessions, keystroke by keystroke, from the folder beside the project; where that is missing, sessions of
// our own from a seed, in the same format.
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'

const TRACES = process.env.WEFT_TRACES ?? path.resolve(import.meta.dirname, '../../../../shared/traces')
const OWN_EDITS = 6_000
const SEED = 0x5eed

function recorded (name) {
  const file = path.join(TRACES, `${name}.json.gz`)
  return existsSync(file) ? JSON.parse(gunzipSync(readFileSync(file))) : null
}

/** A small seeded generator (mulberry32): the same numbers on every machine. */
function random (seed) {
  let state = seed
  return below => {
    state = (state + 0x6d2b79f5) | 0
    let word = Math.imul(state ^ (state >>> 15), 1 | state)
    word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word
    return ((word ^ (word >>> 14)) >>> 0) % below
  }
}

const LETTERS = [...'abcdefghijklmnopqrstuvwxyz     \n,.äß日本🦊👍']

/** One keystroke of someone who mostly types on, sometimes jumps, sometimes deletes: changes `text` (code points). */
function keystroke (next, text, hand) {
  if (next(20) === 0) hand.at = next(text.length + 1)
  hand.at = Math.min(hand.at, text.length)
  if (text.length > 10 && next(8) === 0) {
    const count = Math.min(1 + next(3), hand.at)
    hand.at -= count
    text.splice(hand.at, count)
    return [hand.at, count, '']
  }
  const insert = LETTERS[next(LETTERS.length)]
  text.splice(hand.at, 0, insert)
  hand.at += 1
  return [hand.at - 1, 0, insert]
}

function ownSequential () {
  const next = random(SEED)
  const text = []
  const hand = { at: 0 }
  const txns = Array.from({ length: OWN_EDITS }, () => ({ patches: [keystroke(next, text, hand)] }))
  return { startContent: '', endContent: text.join(''), txns }
}

/** Two people, one above and one below a line, so that every order of merging ends in the same text. */
function ownConcurrent () {
  const next = random(SEED)
  const line = [...'\n~~~\n']
  const txns = [{ parents: [], agent: 0, patches: [[0, 0, line.join('')]] }]
  // For each agent: its half as it is, the lengths of that half over time, its last transaction, and how much of the other it knows.
  const sides = [0, 1].map(() => ({ half: [], lengths: [0], hand: { at: 0 }, last: 0, known: 0, made: [0] }))
  while (txns.length < OWN_EDITS) {
    const agent = next(2)
    const [self, other] = [sides[agent], sides[1 - agent]]
    if (next(4) === 0) self.known = other.lengths.length - 1
    for (let stroke = next(6); stroke >= 0 && txns.length < OWN_EDITS; stroke -= 1) {
      const above = agent === 0 ? 0 : other.lengths[self.known] + line.length
      const [at, count, insert] = keystroke(next, self.half, self.hand)
      const parents = [...new Set([self.last, other.made[self.known]])]
      txns.push({ parents, agent, patches: [[above + at, count, insert]] })
      self.last = txns.length - 1
      self.lengths.push(self.half.length)
      self.made.push(self.last)
    }
  }
  return { endContent: [...sides[0].half, ...line, ...sides[1].half].join(''), numAgents: 2, txns }
}

/** One person's session: `{ real, startContent, endContent, txns: [{ patches: [[at, delete, insert]] }] }`, places in code points. */
export function sequentialSession (name) {
  const session = recorded(name)
  return session ? { real: true, ...session } : { real: false, ...ownSequential() }
}

/**
 * Two people's session: `{ real, endContent, txns }`, where each transaction also has `own` (how many of its agent's
 * transactions there are with it) and `needs` (how many of the other's it had merged: exactly the first so many).
 */
export function concurrentSession (name) {
  const session = recorded(name)
  const { endContent, txns } = session ?? ownConcurrent()
  const seen = []
  const made = [0, 0]
  for (const txn of txns) {
    const version = [0, 0]
    for (const parent of txn.parents) {
      for (const agent of [0, 1]) version[agent] = Math.max(version[agent], seen[parent][agent])
    }
    if (version[txn.agent] !== made[txn.agent]) throw new Error('an agent of this session forks from itself')
    made[txn.agent] += 1
    version[txn.agent] = made[txn.agent]
    txn.own = made[txn.agent]
    txn.needs = version[1 - txn.agent]
    seen.push(version)
  }
  return { real: session !== null, endContent, txns }
}

/** How a patch of code points is applied to a Y.Text, which counts UTF-16 units. */
export function applyPatches (text, patches) {
  text.doc.transact(() => {
    for (const [at, count, insert] of patches) {
      const now = text.hasAstral ? text.toString() : null
      const start = now === null ? at : units(now, 0, at)
      const length = now === null ? count : units(now, start, count)
      if (length > 0) text.delete(start, length)
      if (insert !== '') {
        text.insert(start, insert)
        if (/[\u{10000}-\u{10ffff}]/u.test(insert)) text.hasAstral = true
      }
    }
  })
}

/** The number of UTF-16 units that `count` code points take from `from` on. */
function units (string, from, count) {
  let at = from
  for (let left = count; left > 0; left -= 1) at += string.codePointAt(at) > 0xffff ? 2 : 1
  return at - from
}
