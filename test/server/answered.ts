// Hostile messages sent down a connection in bursts, with a good call at the end of each: every one of them has its
// answer, which is a typed refusal unless what was sent may be good; the good call is answered as ever, and how long
// it took, the burst before it included, is kept; so is how long another page's took that was sent with it.
import { setTimeout } from 'node:timers/promises'

import { errorSchema } from '../../src-main/contract/errors.ts'
import { patience } from '../patience.ts'
import type { Bad } from './bad-messages.ts'

interface Answer {
  i: string
  p: { s?: number; b?: { json?: { data?: unknown } } }
}

export interface Line {
  send(message: string | Uint8Array): void
  hear(listener: (text: string) => void): void
  /** Rejects when the other side ends it. */
  closed: Promise<never>
}

export interface Answered {
  codes: Map<string, number> // of the refusals
  good: number // answers of messages that may have been good
  untyped: unknown[]
  leaked: number // answers with the secret in them
  milliseconds: number[] // of the good calls behind all others of their connection
  beside: number[] // of those of another connection
}

const atOnce = 50

interface Between {
  line: Line
  other: Omit<Line, 'closed'> // the other page's
  next: () => Bad
  wanted: number
  secret: string
}

export async function answered({ line, other, next, wanted, secret }: Between): Promise<Answered> {
  const seen: Answered = { codes: new Map(), good: 0, untyped: [], leaked: 0, milliseconds: [], beside: [] }
  const left = new Map<string, number>()
  let byId = new Map<string, Bad>()
  let done = (): void => undefined
  const good = { id: '', sent: 0 }

  function judge({ i, p }: Answer): void {
    const bad = byId.get(i)
    const status = p.s ?? 200
    if (status === 200) {
      if (bad?.mayBeGood === false) seen.untyped.push([bad, p])
      seen.good++
      return
    }
    const record = errorSchema.safeParse(p.b?.json?.data).data
    if (!record || record.code === 'internal' || !bad) seen.untyped.push([bad, p])
    const code = record?.code ?? ''
    seen.codes.set(code, (seen.codes.get(code) ?? 0) + 1)
  }

  line.hear((text) => {
    if (text.includes(secret)) seen.leaked++
    const answer = JSON.parse(text) as Answer
    const count = left.get(answer.i)
    if (count === undefined) return // what a stream goes on to tell
    judge(answer)
    if (answer.i === good.id) seen.milliseconds.push(performance.now() - good.sent)
    const isGood = (answer.p.s ?? 200) === 200
    if (isGood) line.send(JSON.stringify({ i: answer.i, t: 4, p: null })) // leaves it, where it is a stream
    if (count > 1) return void left.set(answer.i, count - 1)
    left.delete(answer.i)
    if (left.size === 0) done()
  })

  let heard = (): void => undefined
  other.hear(() => heard())

  for (let sent = 0; sent < wanted; sent += atOnce) {
    byId = new Map()
    const round = Array.from({ length: Math.min(atOnce, wanted - sent) }, () => {
      let bad = next()
      while (bad.id !== '' && byId.has(bad.id)) bad = next() // one that was sent before is sent again, but not at once
      byId.set(bad.id, bad)
      return bad
    })
    good.id = `good${sent}`
    byId.set(good.id, { id: good.id, message: '', mayBeGood: true })
    for (const { id } of [...round, good]) left.set(id, (left.get(id) ?? 0) + 1)
    const all = new Promise<void>((resolve) => {
      done = resolve
    })
    for (const { message } of round) line.send(message)
    const others = new Promise<void>((resolve) => {
      heard = resolve
    })
    good.sent = performance.now()
    line.send(JSON.stringify({ i: good.id, p: { u: '/about' } }))
    other.send(JSON.stringify({ i: good.id, p: { u: '/about' } }))
    void others.then(() => seen.beside.push(performance.now() - good.sent))
    await Promise.race([
      Promise.all([all, others]).then(() => undefined),
      line.closed,
      setTimeout(patience, 'late', { ref: false }),
    ]).then((late) => {
      if (late) throw new Error(`no answer to ${[...left.keys()].map((id) => byId.get(id)?.message).join('\n')}`)
    })
  }
  return seen
}

export function middleAndP95(milliseconds: readonly number[]): string {
  const sorted = milliseconds.toSorted((a, b) => a - b)
  const at = (share: number): string => (sorted[Math.floor(sorted.length * share)] ?? Number.NaN).toFixed(0)
  return `median ${at(0.5)}, p95 ${at(0.95)} ms`
}
