// Reading the two dialects' frames, for the tests that look at the wire, and writing the odd ones.
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'

export const SYNC = 0
export const AWARENESS = 1
export const AUTH = 2
export const SYNC_STATUS = 8
export const STEP_1 = 0
export const STEP_2 = 1
export const UPDATE = 2

/** What one frame says: `{ address, type, step, body, applied }`; `body` is the update or state vector of a sync frame. */
export function readFrame (dialect, frame) {
  const decoder = decoding.createDecoder(new Uint8Array(frame))
  const said = { address: null }
  if (dialect === 'hocuspocus') said.address = decoding.readVarString(decoder)
  said.type = decoding.readVarUint(decoder)
  if (said.type === SYNC) {
    said.step = decoding.readVarUint(decoder)
    said.body = decoding.readVarUint8Array(decoder)
  }
  if (said.type === SYNC_STATUS) said.applied = decoding.readVarUint(decoder) === 1
  return said
}

/** Whether a frame brings content: an update, or the answer to a step 1. */
export function bringsContent (dialect, frame) {
  const { type, step } = readFrame(dialect, frame)
  return type === SYNC && (step === STEP_2 || step === UPDATE)
}

/** A frame of the client's dialect around the bytes `tail` (the message type and all that follows). */
export function frameFor (client, tail) {
  const encoder = encoding.createEncoder()
  if (client.version.dialect === 'hocuspocus') encoding.writeVarString(encoder, client.address)
  encoding.writeUint8Array(encoder, Uint8Array.from(tail))
  return encoding.toUint8Array(encoder)
}
