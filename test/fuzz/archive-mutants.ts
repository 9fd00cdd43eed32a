// Mutants of PyTorch's and NumPy's archives for archives.test.ts: one field of the zip changed and the rest left as it
// was (signatures, sizes, CRC-32, offsets, names, counts), bytes of an entry, or the pickle's own steps, written anew
// into a sound archive.
import { unzipSync, zipSync } from 'fflate'

import { type Step, stepsOf } from '../engine/formats/pickle-steps.ts'

/** A whole number below n. */
export type Draw = (n: number) => number

export const drawn = <T>(draw: Draw, list: readonly T[]): T => list[draw(list.length)] as T

type Field = [name: string, at: number, width: 2 | 4]

const localFields: Field[] = [
  ['version', 4, 2],
  ['flags', 6, 2],
  ['method', 8, 2],
  ['crc', 14, 4],
  ['packed size', 18, 4],
  ['size', 22, 4],
  ['name length', 26, 2],
  ['extra length', 28, 2],
]
const centralFields: Field[] = [
  ['flags', 8, 2],
  ['method', 10, 2],
  ['crc', 16, 4],
  ['packed size', 20, 4],
  ['size', 24, 4],
  ['name length', 28, 2],
  ['extra length', 30, 2],
  ['comment length', 32, 2],
  ['disk', 34, 2],
  ['offset', 42, 4],
]
const endFields: Field[] = [
  ['disk', 4, 2],
  ['entries here', 8, 2],
  ['entries', 10, 2],
  ['directory size', 12, 4],
  ['directory offset', 16, 4],
  ['comment length', 20, 2],
]

interface Records {
  end: number
  central: number[]
  local: number[]
}

/** Where the records of a sound archive lie. */
function recordsOf(bytes: Buffer): Records {
  const end = bytes.lastIndexOf(Buffer.of(0x50, 0x4b, 5, 6))
  const central: number[] = []
  for (let at = bytes.readUInt32LE(end + 16), n = bytes.readUInt16LE(end + 10); central.length < n; ) {
    central.push(at)
    at += 46 + bytes.readUInt16LE(at + 28) + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32)
  }
  return { end, central, local: central.map((at) => bytes.readUInt32LE(at + 42)) }
}

function setOdd(bytes: Buffer, at: number, width: 2 | 4, draw: Draw, others: readonly number[]): void {
  const most = 2 ** (8 * width) - 1
  const still = bytes.readUIntLE(at, width)
  const odd = drawn(draw, [0, 1, 8, most, most - 1, still + 1, still - 1, still * 2, 2 ** draw(8 * width), ...others])
  bytes.writeUIntLE(((odd % (most + 1)) + most + 1) % (most + 1), at, width)
}

/** One of an archive's fields, in one record or in both that have it. */
export function withField(bytes: Buffer, draw: Draw): string {
  const { end, central, local } = recordsOf(bytes)
  const i = draw(central.length)
  const j = draw(central.length)
  const [which, base, fields] = drawn(draw, [
    ['local', local, localFields],
    ['central', central, centralFields],
    ['central', central, centralFields],
    ['end', [end], endFields],
  ] as const)
  const [name, at, width] = drawn(draw, fields)
  const place = base[i % base.length] as number
  // another entry's
  const others = which === 'end' ? [] : [bytes.readUIntLE((base[j % base.length] as number) + at, width)]
  setOdd(bytes, place + at, width, draw, others)
  const twin = (which === 'local' ? centralFields : localFields).find(([same]) => same === name)
  if (which === 'end' || !twin || draw(2)) return `${which} ${name}`
  bytes.writeUIntLE(
    bytes.readUIntLE(place + at, width),
    ((which === 'local' ? central : local)[i] as number) + twin[1],
    width,
  )
  return `both ${name}`
}

/** One byte of an entry's data; no record says anything of it but its CRC-32. */
export function withData(bytes: Buffer, draw: Draw): string {
  const { local, central } = recordsOf(bytes)
  const i = draw(local.length)
  const [at, size] = [local[i] as number, bytes.readUInt32LE((central[i] as number) + 20)]
  const start = at + 30 + bytes.readUInt16LE(at + 26) + bytes.readUInt16LE(at + 28)
  if (size === 0) return 'nothing'
  const place = start + draw(size)
  bytes[place] = (bytes[place] as number) ^ (1 << draw(8))
  return 'data'
}

export function withByte(bytes: Buffer, draw: Draw): string {
  bytes[draw(bytes.length)] = draw(256)
  return 'a byte'
}

/** Steps changed in a sound archive's pickle. */
export function withSteps(bytes: Buffer, draw: Draw): [string, Buffer] {
  const entries = unzipSync(bytes)
  const name = Object.keys(entries).find((entry) => entry.endsWith('/data.pkl')) as string
  const [what, pickle] = changedPickle(Buffer.from(entries[name] as Uint8Array), draw)
  return [
    what,
    Buffer.from(zipSync({ ...entries, [name]: pickle }, { level: drawn(draw, [0, 6]), mtime: '2026-01-01' })),
  ]
}

const hostile = [
  ...[
    'os system',
    'posix system',
    'builtins eval',
    'builtins exec',
    '__builtin__ getattr',
    'subprocess Popen',
    'socket socket',
    'shutil rmtree',
  ],
  ...[
    'torch load',
    'torch.hub load',
    'pickle loads',
    'operator attrgetter',
    'functools partial',
    'importlib import_module',
    'globalThis eval',
  ],
  ...[
    'node:child_process execSync',
    'Object constructor',
    '__proto__ toString',
    'constructor constructor',
    'torch._utils __class__',
  ],
  ...[
    'torch._utils _rebuild_parameter ',
    'collections  OrderedDict',
    'torch.storage _load_from_bytes',
    'numpy.core.multiarray _reconstruct',
  ],
]

/** One to three steps of a pickle taken away, doubled, exchanged, turned into another, or given another argument. */
export function changedPickle(pickle: Buffer, draw: Draw): [string, Buffer] {
  const { steps } = stepsOf(pickle)
  const done: string[] = []
  for (let n = 1 + draw(3); n > 0; n--) {
    const at = draw(steps.length)
    const kind = drawn(draw, [
      'drop',
      'twice',
      'exchange',
      'opcode',
      'argument',
      'global',
      'global',
      'number',
      'insert',
    ] as const)
    done.push(kind)
    change(steps, at, kind, draw)
  }
  return [
    `pickle: ${done.join(', ')}`,
    Buffer.concat(steps.flatMap(({ code, arg }) => [Buffer.from(code, 'latin1'), arg])),
  ]
}

const opcodes = [
  ...'(012NIJKMLFGSTUVXBC)tla]e}dsupqrghjcPQRiob.',
  ...'\x80\x81\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\x90\x91\x92\x93\x94\x95\x96\x97\x82',
]

function change(steps: Step[], at: number, kind: string, draw: Draw): void {
  const step = steps[at] as Step
  if (kind === 'drop') steps.splice(at, 1)
  if (kind === 'twice') steps.splice(at, 0, step)
  if (kind === 'exchange') [steps[at], steps[draw(steps.length)]] = [steps[draw(steps.length)] as Step, step]
  if (kind === 'opcode') steps[at] = { ...step, code: drawn(draw, opcodes) }
  if (kind === 'insert')
    steps.splice(at, 0, {
      code: drawn(draw, opcodes),
      arg: Buffer.from(Array.from({ length: draw(6) }, () => draw(256))),
    })
  if (kind === 'argument' && step.arg.length)
    steps[at] = { ...step, arg: Buffer.from(step.arg).fill(draw(256), draw(step.arg.length)) }
  if (kind === 'global') {
    const places = steps.flatMap(({ code }, i) => (code === 'c' ? [i] : []))
    if (places.length)
      steps[drawn(draw, places)] = { code: 'c', arg: Buffer.from(`${drawn(draw, hostile).replace(' ', '\n')}\n`) }
  }
  if (kind === 'number') {
    const places = steps.flatMap(({ code }, i) => ('KMJ\x8a'.includes(code) ? [i] : []))
    const arg = Buffer.alloc(4)
    arg.writeInt32LE(drawn(draw, [0, 1, -1, 7, 255, 65536, 2 ** 31 - 1, -(2 ** 31)]))
    if (places.length)
      steps[drawn(draw, places)] = drawn(draw, [
        { code: 'J', arg },
        { code: '\x8a', arg: Buffer.concat([Buffer.of(8), arg, arg]) },
      ])
  }
}
