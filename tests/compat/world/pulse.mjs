// Waiting without sleeping: everything that can change a client (a frame, a status, an update) beats the pulse, and a
// condition is looked at again on each beat. The slow tick is for what lives outside this process (HTTP, other clocks).
import { AsyncLocalStorage } from 'node:async_hooks'
import { EventEmitter } from 'node:events'

const TICK_MS = 100

const pulse = new EventEmitter()
pulse.setMaxListeners(0)

/** What each case waits for, by the chain of its own promises, since cases may run beside one another. */
const waiting = new AsyncLocalStorage()

/** Runs a case (or a hook) so that what it waits for is known apart from that of others. */
export function waitsOfItsOwn (work) {
  return waiting.run(new Set(), work)
}

/** A function that tells what the case that runs now is waiting for when it is called. */
export function waits () {
  const mine = waiting.getStore()
  return () => [...mine].map(what => typeof what === 'function' ? what() : what).join(' and ') || 'something without a name'
}

/** Waits for a promise that has a clock of its own, under a name. */
export async function named (what, promise) {
  const mine = waiting.getStore()
  mine?.add(what)
  try {
    return await promise
  } finally {
    mine?.delete(what)
  }
}

/** Something happened that a waiting condition may want to look at. */
export function beat () {
  pulse.emit('beat')
}

/**
 * Resolves with the first truthy value of `check()` (which may be async); fails with `what` after `timeout` ms.
 * `what` may be a function, so that the failure can show the state it gave up on.
 */
export function until (what, check, timeout = 15_000) {
  return named(what, new Promise((resolve, reject) => {
    let busy = false
    let again = false
    const stop = () => {
      pulse.off('beat', look)
      clearInterval(tick)
      clearTimeout(end)
    }
    const look = async () => {
      if (busy) {
        again = true
        return
      }
      busy = true
      try {
        do {
          again = false
          const value = await check()
          if (value) {
            stop()
            resolve(value)
            return
          }
        } while (again)
      } catch (error) {
        stop()
        reject(error)
      } finally {
        busy = false
      }
    }
    const tick = setInterval(look, TICK_MS)
    const end = setTimeout(() => {
      stop()
      reject(new Error(`not within ${timeout} ms: ${typeof what === 'function' ? what() : what}`))
    }, timeout)
    pulse.on('beat', look)
    look()
  }))
}
