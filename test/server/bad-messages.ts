// Messages that no page of ours sends, by a seed: no JSON at all, JSON of another shape, envelopes with a wrong part,
// and calls whose input was changed somewhere. Each wants one answer, which is told by its id where the message has one
// that can be made out.
import { seeded } from '../faults/seeded.ts'

export interface Bad {
  id: string // of the answer
  message: string | Uint8Array
  mayBeGood: boolean // a changed input may still be one
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** Calls as a page makes them, that change nothing and stream nothing. */
const calls: [string, Json][] = [
  ['projects/open', { path: '/nowhere/at/all.json' }],
  ['projects/ofRun', { run: 7 }],
  ['config/check', { grant: 'none', config: { method: 'atlas', tasks: [] } }],
  ['library/find', { bytes: 1, modified: 2, quick: 'abc' }],
  ['library/forget', { ids: [4, 5] }],
  ['library/show', { id: 3 }],
  ['library/reopen', { recipe: '{"version": 1}' }],
  ['data/show', { id: 3 }],
  ['data/draw', { id: 3, split: 'train?shots=16&seed=0' }],
  ['data/previews', { id: 3, split: 'train', wanted: { label: null, from: 0, count: 10 } }],
  ['evaluations/show', { evaluation: 2 }],
  ['studies/show', { study: 2 }],
  ['studies/fill', { name: 'T3', protocol: 'strict', model: 'ViT-B-32', seeds: 1 }],
  ['studies/controls', { config: { method: 'dv-basi' } }],
  ['studies/plan', { grant: 'none', definition: { name: 'a', arms: [] } }],
  ['runs/list', { offset: 0, limit: 10, query: 'a' }],
  ['runs/show', { run: 7 }],
  ['runs/coefficients', { run: 7, stage: 0, epoch: 1 }],
  ['runs/stop', { run: 7 }],
]

const odd: Json[] = [
  ...[
    null,
    true,
    -1,
    0.5,
    1e300,
    2 ** 53 + 2,
    -0,
    '',
    '\u0000',
    '../../etc/passwd',
    '/dev/zero',
    "'; drop table runs; --",
  ],
  ...[
    'x'.repeat(5000),
    [],
    {},
    [[[[[[]]]]]],
    { __proto__: null, constructor: { prototype: { polluted: true } } },
    ['\ud800'],
  ],
]

export function badMessages(seed: number): () => Bad {
  const chance = seeded(seed)
  const below = (n: number): number => Math.floor(chance() * n)
  const one = <T>(all: readonly T[]): T => all[below(all.length)] as T
  let count = 0

  function changed(value: Json): Json {
    if (typeof value !== 'object' || value === null || chance() < 0.3) return one(odd)
    const keys = Object.keys(value)
    const key = one(keys)
    if (key === undefined) return one(odd)
    if (Array.isArray(value)) return value.map((inner, i) => (String(i) === key ? changed(inner) : inner))
    const what = below(5)
    if (what === 0) return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key))
    if (what === 1) return { ...value, [one(['__proto__x', 'extra', 'constructor', 'toString'])]: one(odd) }
    return { ...value, [key]: changed(value[key] as Json) }
  }

  const whole = (id: string, parts: object): string => JSON.stringify({ i: id, ...parts })

  return () => {
    const id = `m${count++}`
    const [path, input] = one(calls)
    const good = { u: `/${path}`, b: { json: input } }
    const kind = below(10)
    if (kind < 4) return { id, message: whole(id, { p: { ...good, b: { json: changed(input) } } }), mayBeGood: true }
    if (kind === 4) {
      const p = one([
        null,
        'x',
        [],
        {},
        { ...good, u: 7 },
        { ...good, u: 'no/slash' },
        { ...good, u: '/a b' },
        { ...good, h: 'x' },
        { ...good, m: 'GET' },
        { ...good, h: { 'content-type': 'multipart/form-data' } },
      ])
      return { id, message: whole(id, { p }), mayBeGood: false }
    }
    if (kind === 5)
      return { id, message: whole(id, { t: one([0, 2, 3, 5, '1', null, {}]), p: good }), mayBeGood: false }
    if (kind === 6)
      return {
        id,
        message: whole(id, {
          p: { ...good, u: `/${one(['nothing', 'runs', 'runs/nothing', 'constructor', '__proto__/a', 'toString'])}` },
        }),
        mayBeGood: false,
      }
    if (kind === 7) {
      const meta = one<unknown>([
        [[0]],
        [[0, 'json', 'deep']],
        [[1, 'run']],
        [[4, 'path']],
        'x',
        [1],
        [[6]],
        [[7, 'a', 'b', 'c']],
        { a: 1 },
      ])
      return { id, message: whole(id, { p: { ...good, b: { json: input, meta } } }), mayBeGood: true }
    }
    if (kind === 8) {
      const text = whole(id, { p: good })
      const cut = text.slice(0, 1 + below(text.length - 1))
      return {
        id: '',
        message: chance() < 0.5 ? cut : `${cut}${one(['}', ']', '\u0000', 'root:x:0:0', '"'])}x`,
        mayBeGood: false,
      }
    }
    const bytes = Uint8Array.from({ length: 1 + below(300) }, () => below(256))
    return {
      id: '',
      message: one<string | Uint8Array>([
        '',
        'null',
        '[]',
        '7',
        '{"i":7,"p":{}}',
        '{"i":""}',
        Buffer.from(bytes).toString('latin1'),
        bytes,
      ]),
      mayBeGood: false,
    }
  }
}
