// Tests that end: each case and each hook has a time of its own, and one that hangs says what it was waiting for. A file
// whose clients stay behind after its last case says so too, instead of being waited for.
import * as node from 'node:test'
import { waits, waitsOfItsOwn } from './pulse.mjs'

/** Longer than all the waits of any case together, and so much longer as a quiet run is asked to be. */
const CASE_MS = 150_000 + Number(process.env.WEFT_QUIET_SECONDS ?? 0) * 1_000
/** After the last case: a socket that is closing may take the 30 s of its own clock. */
const END_MS = 35_000

/** `work`, failing with what it waits for when it is not over in time. */
export function limited (work, limit = CASE_MS) {
  return context => waitsOfItsOwn(async () => {
    let timer
    const told = waits()
    const over = new Promise((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`not over within ${limit} ms; it waits until ${told()}`)), limit)
    })
    try {
      await Promise.race([work(context), over])
    } finally {
      clearTimeout(timer)
    }
  })
}

export const { describe } = node
export const test = (name, work) => node.test(name, limited(work))
export const before = work => node.before(limited(work))
export const after = work => node.after(limited(work))

node.after(() => {
  setTimeout(() => {
    console.error(`the last case is over, but the file does not end; still open: ${process.getActiveResourcesInfo().join(', ')}`)
    process.exit(1)
  }, END_MS).unref()
})
