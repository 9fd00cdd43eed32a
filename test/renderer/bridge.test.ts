// The way out of the page: nothing happens before it is started, a lost connection is made again, each time after a
// longer pause, and no call hangs.
import type { ClientLink } from '@orpc/client'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { Bridge, bridge, clientOver } from '../../src-renderer/bridge.ts'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

/** A transport of which the test says what becomes of each attempt. */
function transport(answer: ClientLink<Record<never, never>>['call'] = async () => null) {
  const attempts: { open: () => void; close: () => void }[] = []
  const made = new Bridge((opened, closed) => {
    const { promise: lost, reject } = Promise.withResolvers<never>()
    lost.catch(closed)
    const drop = () => reject(new Error('the connection closed'))
    attempts.push({ open: () => opened({ link: { call: answer }, lost, drop }), close: drop })
  })
  return { made, attempts }
}

test('the page’s own does nothing before it is started, and is not open', async () => {
  expect([bridge.state, bridge.why, bridge.failures]).toEqual(['connecting', null, 0])
  const late = expect(bridge.line()).rejects.toMatchObject({ record: { why: 'no answer in 10 seconds' } })
  await vi.runAllTimersAsync()
  await late
})

test('a connection that is lost is made again, after 0.5, 1, 2 … and at most 10 seconds', async () => {
  const { made, attempts } = transport()
  const states: string[] = []
  made.subscribe(() => states.push(made.state))
  made.connect()
  attempts[0]?.open()
  for (const pause of [500, 1000, 2000, 4000, 8000, 10_000, 10_000]) {
    const before = attempts.length
    attempts.at(-1)?.close()
    await vi.advanceTimersByTimeAsync(pause - 1)
    expect(attempts).toHaveLength(before)
    await vi.advanceTimersByTimeAsync(1)
    expect(attempts).toHaveLength(before + 1)
  }
  attempts.at(-1)?.open()
  expect(states).toEqual(['open', ...Array(7).fill('lost'), 'open'])
  expect(made.failures).toBe(0)
})

test('a call waits for the connection, and fails with it', async () => {
  const { made, attempts } = transport(() => new Promise(() => {}))
  made.connect()
  const asked = clientOver(made).about()
  const refused = expect(asked).rejects.toThrow('the connection closed')
  attempts[0]?.open()
  await vi.advanceTimersByTimeAsync(0)
  attempts[0]?.close()
  await refused
})

test('a connection keeps nothing of calls that are over, and ends those that are not', async () => {
  const { promise: lost, reject } = Promise.withResolvers<never>()
  const asked = vi.spyOn(lost, 'then')
  let answer = async (): Promise<unknown> => null
  const line = { link: { call: () => answer() }, lost, drop: () => undefined }
  const client = clientOver({ line: async () => line })
  for (let i = 0; i < 100; i++) await client.about()
  expect(asked).toHaveBeenCalledTimes(1)
  answer = () => new Promise(() => {})
  const open = [client.about(), client.about()].map((one) => expect(one).rejects.toThrow('it is gone'))
  await vi.advanceTimersByTimeAsync(0)
  reject(new Error('it is gone'))
  await Promise.all(open)
  await expect(client.about()).rejects.toThrow('it is gone') // asked on what is known to be gone
})

test('a call that gets no answer fails after a minute and gives the connection up; a person’s dialog may take longer', async () => {
  const { made, attempts } = transport(() => new Promise(() => {}))
  made.connect()
  attempts[0]?.open()
  let answered = false
  const picked = clientOver(made).projects.pick()
  void picked.catch(() => {}).finally(() => (answered = true))
  await vi.advanceTimersByTimeAsync(120_000)
  expect([answered, made.state]).toEqual([false, 'open'])
  const refused = expect(clientOver(made).about()).rejects.toMatchObject({ record: { why: 'no answer in 60 seconds' } })
  await vi.advanceTimersByTimeAsync(60_000)
  await refused
  expect([answered, made.state]).toEqual([true, 'lost'])
})
