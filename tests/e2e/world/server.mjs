// The same server process as in the compatibility matrix.
export { Server } from '../../compat/world/server.mjs'
