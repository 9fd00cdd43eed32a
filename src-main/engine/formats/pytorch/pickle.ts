// The machine that a pickle is a program for, protocols 0 to 5: a stack, marks on it, a memo, and one small step an
// opcode (Python's pickletools lists them). It makes values.ts' inert values and can do nothing else. Its size is
// bounded by the steps it may take: no step makes more than one value, one that makes a dictionary or a list counts as
// several, and one that copies as many as it copies.
import { Cursor } from './cursor.ts'
import { call, persistent } from './globals.ts'
import { Global, PickleError, PickleLimit, PySet, Storage, Stub, Tuple, type Value } from './values.ts'

const mostSteps = 8_000_000 // a model of 1000 tensors takes 50,000

export interface Unpickled {
  value: Value
  storages: Storage[] // named in it, in order
  end: number // where the pickle ends
}

/**
 * Of the pickle that begins at `start`. What Python 2 called a string is text, or bytes. Throws PickleError, PickleEnds
 * where the bytes end first.
 */
export function unpickle(bytes: Uint8Array, start = 0, strings: 'text' | 'bytes' = 'text'): Unpickled {
  const machine = new Machine(new Cursor(bytes, start), strings)
  for (;;) {
    const at = machine.input.at
    const opcode = machine.input.byte()
    machine.spend(costs[opcode] ?? 1)
    if (opcode === stop) return { value: machine.pop(), storages: machine.storages, end: machine.input.at }
    const step = opcodes[opcode]
    if (!step) throw new PickleError(`byte ${at} is ${opcode}, an opcode that checkpoints do not use`)
    step(machine)
  }
}

class Machine {
  readonly input: Cursor
  readonly memo = new Map<number, Value>()
  readonly storages: Storage[] = []
  #stack: Value[] = []
  #marks: number[] = []
  #steps = 0

  readonly #strings: 'text' | 'bytes'

  constructor(input: Cursor, strings: 'text' | 'bytes') {
    this.input = input
    this.#strings = strings
  }

  string(length: number): void {
    this.push(this.#strings === 'text' ? this.input.text(length) : this.input.take(length))
  }

  spend(steps: number): void {
    this.#steps += steps
    if (this.#steps > mostSteps) throw new PickleLimit(`it takes more than ${mostSteps} steps`)
  }

  push(value: Value): void {
    this.#stack.push(value)
  }

  mark(): void {
    this.#marks.push(this.#stack.length)
  }

  /** A value below the last mark is out of reach. */
  pop(): Value {
    const value = this.top()
    this.#stack.length--
    return value
  }

  top(): Value {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0)) throw new PickleError('it takes a value where there is none')
    return this.#stack[this.#stack.length - 1] as Value
  }

  /** What was pushed since the last mark, which is taken away. */
  popMark(): Value[] {
    const mark = this.#marks.pop()
    if (mark === undefined) throw new PickleError('it goes back to a mark where there is none')
    return this.#stack.splice(mark)
  }

  drop(): void {
    if (this.#marks.at(-1) === this.#stack.length) this.#marks.pop()
    else this.pop()
  }

  get(index: number | bigint): void {
    const value = this.memo.get(Number(index))
    if (value === undefined) throw new PickleError(`it recalls ${index}, which it never kept`)
    this.push(value)
  }

  put(index: number | bigint): void {
    this.memo.set(Number(index), this.top())
  }

  /** The last n values, as they were pushed. */
  tuple(n: number): void {
    const items = Array.from({ length: n }, () => this.pop())
    this.push(new Tuple(items.reverse()))
  }

  text(): string {
    const value = this.pop()
    if (typeof value !== 'string') throw new PickleError('a name is not a text')
    return value
  }
}

const stop = 0x2e // .
const code = (letter: string): number => letter.charCodeAt(0)

/** Steps that count as more than one, by the memory that what they make takes while it is empty. */
const costs: Record<number, number> = {
  ...Object.fromEntries([...'])lt'].map((letter) => [code(letter), 2])),
  ...Object.fromEntries([0x85, 0x86, 0x87].map((opcode) => [opcode, 2])), // tuples
  ...Object.fromEntries([...'}dRio'].map((letter) => [code(letter), 4])),
  ...Object.fromEntries([0x81, 0x8f, 0x91, 0x92].map((opcode) => [opcode, 4])), // objects and sets
}

const opcodes: Record<number, (m: Machine) => void> = {
  [code('(')]: (m) => m.mark(),
  [code('0')]: (m) => m.drop(),
  [code('1')]: (m) => void m.popMark(),
  [code('2')]: (m) => m.push(m.top()),
  [0x80]: (m) => {
    const protocol = m.input.byte()
    if (protocol > 5) throw new PickleError(`it is of protocol ${protocol}, which is unknown`)
  },
  [0x95]: (m) => void m.input.uint64(), // a frame: how much may be read at once

  [code('N')]: (m) => m.push(null),
  [0x88]: (m) => m.push(true),
  [0x89]: (m) => m.push(false),
  [code('I')]: (m) => m.push(boolOrInteger(m.input)),
  [code('J')]: (m) => m.push(m.input.int32()),
  [code('K')]: (m) => m.push(m.input.byte()),
  [code('M')]: (m) => m.push(m.input.uint16()),
  [code('L')]: (m) => m.push(m.input.decimal()),
  [0x8a]: (m) => m.push(m.input.integer(m.input.byte())),
  [0x8b]: (m) => m.push(m.input.integer(m.input.uint32())),
  [code('F')]: (m) => m.push(Number(m.input.line())),
  [code('G')]: (m) => m.push(m.input.float64()),

  [code('S')]: (m) => m.push(m.input.line().slice(1, -1)), // in quotes; what is escaped in it stays so
  [code('T')]: (m) => m.string(m.input.uint32()),
  [code('U')]: (m) => m.string(m.input.byte()),
  [code('V')]: (m) => m.push(m.input.line()),
  [code('X')]: (m) => m.push(m.input.text(m.input.uint32())),
  [0x8c]: (m) => m.push(m.input.text(m.input.byte())),
  [0x8d]: (m) => m.push(m.input.text(m.input.uint64())),
  [code('B')]: (m) => m.push(m.input.take(m.input.uint32())),
  [code('C')]: (m) => m.push(m.input.take(m.input.byte())),
  [0x8e]: (m) => m.push(m.input.take(m.input.uint64())),
  [0x96]: (m) => m.push(m.input.take(m.input.uint64())),

  [code(')')]: (m) => m.push(new Tuple([])),
  [0x85]: (m) => m.tuple(1),
  [0x86]: (m) => m.tuple(2),
  [0x87]: (m) => m.tuple(3),
  [code('t')]: (m) => m.push(new Tuple(m.popMark())),
  [code(']')]: (m) => m.push([]),
  [code('l')]: (m) => m.push(m.popMark()),
  [code('a')]: (m) => append(m, [m.pop()]),
  [code('e')]: (m) => append(m, m.popMark()),
  [code('}')]: (m) => m.push(new Map()),
  [code('d')]: (m) => m.push(setItems(new Map(), m.popMark())),
  [code('s')]: (m) => {
    const value = m.pop()
    setItems(m, [m.pop(), value])
  },
  [code('u')]: (m) => void setItems(m, m.popMark()),
  [0x8f]: (m) => m.push(new PySet()),
  [0x90]: (m) => append(m, m.popMark()),
  [0x91]: (m) => {
    const items = m.popMark()
    m.push(new PySet())
    append(m, items)
  },

  [code('p')]: (m) => m.put(m.input.decimal()),
  [code('q')]: (m) => m.put(m.input.byte()),
  [code('r')]: (m) => m.put(m.input.uint32()),
  [0x94]: (m) => m.put(m.memo.size),
  [code('g')]: (m) => m.get(m.input.decimal()),
  [code('h')]: (m) => m.get(m.input.byte()),
  [code('j')]: (m) => m.get(m.input.uint32()),

  [code('c')]: (m) => m.push(new Global(m.input.line(), m.input.line())),
  [0x93]: (m) => {
    const name = m.text()
    m.push(new Global(m.text(), name))
  },
  [code('P')]: (m) => recall(m, m.input.line()),
  [code('Q')]: (m) => recall(m, m.pop()),
  [code('R')]: reduce,
  [0x81]: reduce, // NEWOBJ: cls.__new__(cls, *args) in place of callable(*args), alike for stubs
  [0x92]: (m) => {
    m.pop() // keyword arguments
    reduce(m)
  },
  [code('i')]: (m) => {
    const of = new Global(m.input.line(), m.input.line())
    m.push(call(of, new Tuple(m.popMark())))
  },
  [code('o')]: (m) => {
    const [of, ...args] = m.popMark()
    if (of === undefined) throw new PickleError('it makes an object of no class')
    m.push(call(of, new Tuple(args)))
  },
  [code('b')]: build,
}

function recall(m: Machine, id: Value): void {
  const value = persistent(id)
  if (value instanceof Storage) m.storages.push(value)
  m.push(value)
}

function reduce(m: Machine): void {
  const args = m.pop()
  if (args instanceof Tuple)
    for (const arg of args.items) m.spend(Array.isArray(arg) ? arg.length : arg instanceof Tuple ? arg.items.length : 0)
  m.push(call(m.pop(), args))
}

/** Sets the state of an object. What our own values cannot take (a dictionary's attributes, a tensor's) is left out. */
function build(m: Machine): void {
  const state = m.pop()
  const object = m.top()
  if (!(object instanceof Stub)) return
  object.state = state
  // (__dict__, slots) or __dict__ alone
  const parts = state instanceof Tuple && state.items.length === 2 ? state.items : [state]
  for (const part of parts) {
    if (!(part instanceof Map)) continue
    m.spend(part.size)
    for (const [key, value] of part) object.entries.set(key, value)
  }
}

function append(m: Machine, items: Value[]): void {
  const list = m.top()
  if (Array.isArray(list)) for (const item of items) list.push(item)
  else if (list instanceof PySet) for (const item of items) list.items.push(item)
  else if (list instanceof Stub) for (const item of items) list.entries.set(list.entries.size, item)
  else throw new PickleError('it appends to what is no list')
}

function setItems(to: Machine | Map<Value, Value>, items: Value[]): Map<Value, Value> {
  const target = to instanceof Machine ? to.top() : to
  const map = target instanceof Stub ? target.entries : target
  if (!(map instanceof Map)) throw new PickleError('it sets items of what is no dictionary')
  if (items.length % 2 === 1) throw new PickleError('it sets a key without a value')
  for (let i = 0; i < items.length; i += 2) map.set(items[i] as Value, items[i + 1] as Value)
  return map
}

function boolOrInteger(input: Cursor): boolean | number | bigint {
  const at = input.at
  const line = input.line()
  if (line === '00' || line === '01') return line === '01'
  input.at = at
  return input.decimal()
}
