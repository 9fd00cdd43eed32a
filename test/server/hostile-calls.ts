// Calls of every channel of the contract, as a page that wants harm would make them (R12): inputs made from the
// channel's own schema with odd values anywhere, numbers beside their bounds, fields like __proto__, long texts,
// places that nobody opened; messages that were sent before; channels that are none. bad-messages.ts breaks the
// messages' form. A sound call that would reach outside of a test (a download, another engine, a search of the whole
// disk) is not made.
import type { AnySchema } from '@orpc/contract'
import { z } from 'zod'

import { api } from '../../src-main/contract/api/api.ts'
import { seeded } from '../faults/seeded.ts'
import { type Draw, drawn } from '../fuzz/archive-mutants.ts'
import { type Json, type Shape, shapeOf, valueOf } from '../fuzz/schema-values.ts'
import { type Bad, badMessages } from './bad-messages.ts'

interface Channel {
  path: string
  shape: Shape | null // null: it has no input
  isSound: (input: unknown) => boolean
}

const many = 200 // messages that are kept to be sent again

/** Sound calls of these are not made. */
const acting =
  /^(engine\/(install|remove|measure|use|restart)|history\/(restore|salvage|backUp)|settings\/(choose|clear)|library\/(add|scanAgain|refresh)|data\/(add|refresh)|projects\/sample|studies\/start|tunings\/start\w*|runs\/start|merges\/(start|search|adapter|bases)\w*|heads\/\w+|runs\/emptyTrash)$/

/** What is changed at a message's envelope is bad-messages.ts's; here its procedure is called. */
function channelsOf(router: object, path: string[] = []): Channel[] {
  return Object.entries(router).flatMap(([name, inside]: [string, object]) => {
    const own = Reflect.get(inside, '~orpc') as { inputSchema?: AnySchema } | undefined
    if (!own) return channelsOf(inside, [...path, name])
    const schema = own.inputSchema instanceof z.ZodType ? own.inputSchema : null
    const isSound = (input: unknown): boolean => schema === null || schema.safeParse(input).success
    return [{ path: [...path, name].join('/'), shape: schema && shapeOf(schema), isSound }]
  })
}

export const channels = channelsOf(api)

/** longest: characters of a text, now and then. paths: places that are named besides those of the schema's values. */
export function hostileCalls(
  seed: number,
  { longest, paths }: { longest: number; paths: readonly string[] },
): () => Bad {
  const chance = seeded(seed)
  const draw: Draw = (n) => Math.floor(chance() * n)
  const broken = badMessages(seed + 1)
  const justSent: Bad[] = []
  let sentBefore: Bad[] = [] // and answered since
  let count = 0

  function call(): Bad {
    const { path, shape, isSound } = drawn(draw, channels)
    const id = `h${count++}`
    const input = shape ? valueOf(shape, draw, drawn(draw, [3, 10, 30])) : drawn<Json>(draw, [{}, null, [], 'x', 7])
    if (acting.test(path) && isSound(input)) return call()
    const [own, long] = [placedIn(input, paths, draw), draw(2000) === 0]
    const json = long ? { ...(typeof own === 'object' && own), path: 'x'.repeat(longest), config: 'y'.repeat(10) } : own
    if (acting.test(path) && isSound(json)) return call()
    return { id, message: JSON.stringify({ i: id, p: { u: `/${path}`, b: { json } } }), mayBeGood: isSound(json) }
  }

  return () => {
    const kind = draw(20)
    if (kind < 8) return broken()
    if (kind === 8 && sentBefore.length === many) return drawn(draw, sentBefore)
    const made = call()
    if (made.message.length < 10_000) justSent.push(made)
    if (justSent.length === many) sentBefore = justSent.splice(0)
    return made
  }
}

/** Fields that name a place name one of `paths`, now and then. */
function placedIn(input: Json, paths: readonly string[], draw: Draw): Json {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return input
  const named = Object.keys(input).filter((key) => /^(path|file|folder|target|text)$/.test(key))
  const key = named[draw(Math.max(1, named.length))]
  return key === undefined || draw(3) ? input : { ...input, [key]: drawn(draw, paths) }
}
