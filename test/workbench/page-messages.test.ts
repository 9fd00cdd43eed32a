// What is done with messages of pages before anybody reads them: each connection has its turn, however much another one
// sends, and what is too long is refused unread.
import { setImmediate } from 'node:timers/promises'

import { expect, test } from 'vitest'

import { createPageMessages, inTurn, longestMessage } from '../../src-main/workbench/page-messages.ts'

test('a page that sends thousands at once does not keep another one waiting, and nothing of it is lost or reordered', async () => {
  const taken: string[] = []
  const [loud, quiet] = [inTurn((text: string) => taken.push(text)), inTurn((text: string) => taken.push(text))]
  const sent = Array.from({ length: 3000 }, (_, i) => `loud ${i}`)
  for (const text of sent) loud.hear(text)
  quiet.hear('quiet')
  while (taken.length <= sent.length) await setImmediate()
  expect(taken.indexOf('quiet')).toBe(1)
  expect(taken.filter((text) => text !== 'quiet')).toEqual(sent)
})

test('what waits of a connection that has ended is not taken', async () => {
  const taken: number[] = []
  const connection = inTurn((n: number) => taken.push(n))
  for (let n = 0; n < 5; n++) connection.hear(n)
  while (taken.length < 2) await setImmediate()
  connection.end()
  for (let turn = 0; turn < 5; turn++) await setImmediate()
  expect(taken).toEqual([0, 1])
})

test('a message that is too long is refused by its length, and its caller hears of it', () => {
  const said: string[] = []
  const { refusal } = createPageMessages((line) => said.push(line))
  const long = `{"i":"call 7","p":{"u":"/about","b":{"json":"${'x'.repeat(longestMessage)}` // no end: it is not read
  const answer = JSON.parse(refusal(long) ?? '')
  expect(answer).toMatchObject({ i: 'call 7', p: { s: 400, b: { json: { data: { code: 'message-invalid' } } } } })
  expect(JSON.stringify(answer)).toContain('it is longer than 4194304 characters')
  expect(refusal(JSON.stringify({ i: 'a', p: { u: '/about', b: { json: 'x'.repeat(1000) } } }))).toBeNull()
  expect(said).toHaveLength(1)
})
