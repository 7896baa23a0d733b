// The WebSocket that the providers are given: a real one, whose frames can be counted, held back or dropped.
import WebSocket from 'ws'
import { beat } from './pulse.mjs'

/** A WebSocket class of its own for one client, and `link`, the hand on all sockets that it will ever open. */
export function socketClass () {
  const link = {
    /** Every socket opened so far, the live one last. */
    sockets: [],
    /** The close code of every socket that ended. */
    closes: [],
    /** Set to a function `(frame) => boolean` to hold incoming frames for which it says true (and all behind them). */
    hold: null,
    /** Set to a function `(frame) => boolean` to lose outgoing frames for which it says true. */
    lose: null,
    /** Frames that arrived, and frames that were sent, while `record` is true. */
    record: false,
    received: [],
    sent: [],
    held: [],
    onArrival: null,

    get live () {
      return this.sockets.at(-1)
    },

    /** Delivers held frames, in order, up to the first that is still to be held. */
    release () {
      while (this.held.length > 0 && !(this.hold && this.hold(this.held[0].frame))) {
        const { socket, frame } = this.held.shift()
        socket.deliver(frame)
      }
      beat()
    },

    /** Closes the TCP connection under the client, without a WebSocket goodbye. */
    cut () {
      this.live.terminate()
    }
  }

  class CompatSocket extends WebSocket {
    constructor (url, protocols) {
      super(url, protocols ?? [], { perMessageDeflate: false })
      link.sockets.push(this)
      // A refused connection is the provider's to handle; without a listener `ws` would end the process.
      this.on('error', () => beat())
      this.on('close', code => {
        link.closes.push(code)
        beat()
      })
    }

    emit (event, ...args) {
      if (event !== 'message') return super.emit(event, ...args)
      const frame = args[0]
      if (link.record) link.received.push(new Uint8Array(frame))
      link.onArrival?.(frame)
      if (link.held.length > 0 || (link.hold && link.hold(frame))) {
        link.held.push({ socket: this, frame })
        beat()
        return true
      }
      this.deliver(frame)
      beat()
      return true
    }

    deliver (frame) {
      super.emit('message', frame, true)
    }

    send (data, ...rest) {
      if (link.lose && link.lose(new Uint8Array(data))) return
      if (link.record) link.sent.push(new Uint8Array(data))
      super.send(data, ...rest)
    }
  }
  return { CompatSocket, link }
}
