// A stretch of network between a client and the server that can go quiet without a word (no FIN, no RST), as a laptop
// lid or a tunnel does.
import { once } from 'node:events'
import net from 'node:net'

export class Line {
  static async to (port) {
    const line = new Line()
    line.listener = net.createServer(near => {
      const far = net.connect(port, '127.0.0.1')
      line.ends.add(near).add(far)
      for (const [from, to] of [[near, far], [far, near]]) {
        from.on('error', () => {})
        from.on('data', chunk => { if (!line.dead && !to.destroyed) to.write(chunk) })
        from.on('close', () => {
          line.ends.delete(from)
          if (!line.dead && !line.parted) to.destroy()
        })
      }
      line.clients.add(near)
      line.servers.add(far)
    })
    line.listener.listen(0, '127.0.0.1')
    await once(line.listener, 'listening')
    line.port = line.listener.address().port
    return line
  }

  constructor () {
    this.dead = false
    this.parted = false
    this.ends = new Set()
    this.clients = new Set()
    this.servers = new Set()
  }

  /** From now on nothing gets through in either direction, and neither end is told. */
  goDead () {
    this.dead = true
  }

  /** The server learns that the connections are gone; the clients do not, until `tellClients`. */
  tellServer () {
    this.parted = true
    for (const socket of this.servers) socket.destroy()
    this.servers.clear()
  }

  /** The clients learn it too, and may come back. */
  tellClients () {
    this.parted = false
    for (const socket of this.clients) socket.destroy()
    this.clients.clear()
  }

  end () {
    for (const socket of this.ends) socket.destroy()
    this.listener.close()
  }
}
