// A case that hangs ends, and says what it was waiting for: the next one to look for it has nothing else to go by.
import assert from 'node:assert/strict'
import { limited, test } from '../world/case.mjs'
import { named, until } from '../world/pulse.mjs'

const never = new Promise(() => {})

test('a case that hangs names what it waits for, and only what itself waits for', async () => {
  const one = limited(async () => {
    await until('this has happened', () => true)
    await Promise.all([named('Ben answers', never), until(() => `all ${1 + 1} are here`, () => false, 1_000)])
  }, 50)
  const other = limited(() => named('Cleo answers', never), 50)
  await assert.rejects(one(), { message: 'not over within 50 ms; it waits until Ben answers and all 2 are here' })
  await assert.rejects(other(), { message: 'not over within 50 ms; it waits until Cleo answers' })
  await assert.rejects(limited(() => never, 50)(), { message: 'not over within 50 ms; it waits until something without a name' })
})

test('a case that ends in time ends as it does', async () => {
  await limited(async ({ name }) => assert.equal(name, 'context'), 5_000)({ name: 'context' })
  await assert.rejects(limited(() => Promise.reject(new Error('its own')), 5_000)(), { message: 'its own' })
})
