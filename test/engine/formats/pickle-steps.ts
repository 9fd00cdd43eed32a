// A pickle as a list of steps, for tests that change one and write it again; and the few steps that tests write by
// hand.
import { zipSync } from 'fflate'

export interface Step {
  code: string // the opcode's character
  arg: Uint8Array // what stands behind it
}

/** Bytes behind an opcode, for those that PyTorch writes; the others have none. */
const lengths: Record<string, (bytes: Buffer, at: number) => number> = {
  X: (bytes, at) => 4 + bytes.readUInt32LE(at),
  K: () => 1,
  M: () => 2,
  J: () => 4,
  q: () => 1,
  h: () => 1,
  r: () => 4,
  j: () => 4,
  G: () => 8,
  c: (bytes, at) => bytes.indexOf(10, bytes.indexOf(10, at) + 1) + 1 - at,
  '\x80': () => 1,
  '\x8a': (bytes, at) => 1 + (bytes[at] as number),
}

/** Of the pickle that begins at `start`, its end included. */
export function stepsOf(bytes: Buffer, start = 0): { steps: Step[]; end: number } {
  const steps: Step[] = []
  for (let at = start; ; ) {
    const code = String.fromCharCode(bytes[at] as number)
    const length = lengths[code]?.(bytes, at + 1) ?? 0
    steps.push({ code, arg: bytes.subarray(at + 1, at + 1 + length) })
    at += 1 + length
    if (code === '.') return { steps, end: at }
  }
}

export function pickled(steps: readonly Step[]): Buffer {
  return Buffer.concat(steps.flatMap(({ code, arg }) => [Buffer.from(code, 'latin1'), arg]))
}

const step = (code: string, arg: string | Uint8Array = ''): Step => ({
  code,
  arg: typeof arg === 'string' ? Buffer.from(arg) : arg,
})

export function text(value: string): Step {
  const bytes = Buffer.from(value)
  const arg = Buffer.alloc(4 + bytes.length)
  arg.writeUInt32LE(bytes.length)
  bytes.copy(arg, 4)
  return step('X', arg)
}

export function int(value: number): Step {
  const arg = Buffer.alloc(4)
  arg.writeInt32LE(value)
  return step('J', arg)
}

export const global = (name: string): Step => step('c', `${name.replace(' ', '\n')}\n`)

/** Steps without an argument, by their characters. */
export const plain = (codes: string): Step[] => [...codes].map((code) => step(code))

export function tuple(...items: (Step | Step[])[]): Step[] {
  return [step('('), ...items.flat(), step('t')]
}

/** A float32 tensor over storage `key` of `elements`. */
export function tensor(key: string, elements: number, shape: number[], strides: number[], offset = 0): Step[] {
  const storage = [
    ...tuple(text('storage'), global('torch FloatStorage'), text(key), text('cpu'), int(elements)),
    step('Q'),
  ]
  const view = [int(offset), ...tuple(...shape.map(int)), ...tuple(...strides.map(int))]
  return [global('torch._utils _rebuild_tensor_v2'), ...tuple(storage, view, plain('\x89N')), step('R')]
}

/** {name: value} */
export function dictionary(entries: Record<string, Step[]>): Step[] {
  return [
    step('}'),
    step('('),
    ...Object.entries(entries).flatMap(([name, value]) => [text(name), ...value]),
    step('u'),
  ]
}

/** A PyTorch archive of the value that the steps make, with storages by their keys. */
export function archive(steps: readonly Step[], storages: Record<string, Uint8Array>): Uint8Array {
  const data = Object.entries(storages).map(([key, bytes]) => [`a/data/${key}`, bytes])
  return zipSync(Object.fromEntries([['a/data.pkl', pickled([...steps, ...plain('.')])], ...data]), { level: 0 })
}
