// Waiting without sleeping: everything that can change a client (a frame, a status, an update) beats the pulse, and a
// condition is looked at again on each beat. The slow tick is for what lives outside this process (HTTP, other clocks).
import { EventEmitter } from 'node:events'

const TICK_MS = 100

const pulse = new EventEmitter()
pulse.setMaxListeners(0)

/** Something happened that a waiting condition may want to look at. */
export function beat () {
  pulse.emit('beat')
}

/**
 * Resolves with the first truthy value of `check()` (which may be async); fails with `what` after `timeout` ms.
 * `what` may be a function, so that the failure can show the state it gave up on.
 */
export function until (what, check, timeout = 15_000) {
  return new Promise((resolve, reject) => {
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
  })
}
