// Which tensors of an unpickled object are the model's, and under which names: what state_dict() would say.
//   a state_dict {name: tensor}; one inside of {state_dict: ..., epoch, optimizer}; lists of tensors (0, 1, ..., 2.0);
//   a module: its _parameters, _buffers that persist, then its _modules by their names; a TorchScript object: its
//   attributes
// "module." and "_orig_mod." in front of every name are taken away: wrappers of parallel training and compilation put
// them there.
import { Global, PickleError, PickleLimit, PySet, Stub, Tensor, Tuple, Unreadable, type Value } from './values.ts'

type Found = Tensor | Unreadable

export interface State {
  tensors: Map<string, Found>
  taken: string // where in the file they were, "" for all of it
  left: string[] // what stands beside them
}

const wrappers = ['state_dict', 'model_state_dict', 'model', 'module', 'net', 'encoder', 'vector', 'params', 'weights']
const training = /optim|sched|scaler|^rng|_rng/ // beside a model: state of its training, no weights
const deepest = 64
const longestName = 1024
const mostVisits = 1_000_000 // values may be shared: a small file can be a large tree

export function stateOf(root: Value): State {
  const [taken, inner, left] = unwrap(root)
  const tensors = new Map<string, Found>()
  const budget = { visits: 0 }
  walk(inner, '', 0, tensors, budget)
  return { tensors: withoutPrefix(tensors), taken, left }
}

/** Goes into the first wrapper that holds tensors, and on from there. */
function unwrap(root: Value): [string, Value, string[]] {
  let [path, value, left]: [string, Value, string[]] = ['', root, []]
  for (let depth = 0; depth < 8; depth++) {
    const entries = value instanceof Map ? value : value instanceof Stub && !isModule(value) ? value.entries : undefined
    const inside = wrappers.find((name) => holdsTensors(entries?.get(name)))
    if (!entries || inside === undefined || isStateDict(entries)) break
    left = [
      ...left,
      ...[...entries.keys()].filter((key) => key !== inside).map((key) => path + String(key).slice(0, 80)),
    ].slice(0, 100)
    value = entries.get(inside) as Value
    path += `${inside}.`
  }
  return [path.slice(0, -1), value, left]
}

/** Its names tell it from a dictionary around one. */
function isStateDict(entries: Map<Value, Value>): boolean {
  return [...entries].some(([key, value]) => isTensor(value) && String(key).includes('.'))
}

function holdsTensors(value: Value | undefined): boolean {
  if (value instanceof Stub && isModule(value)) return true
  const entries = value instanceof Map ? value : value instanceof Stub ? value.entries : undefined
  if (entries)
    return [...entries].some(([key, v]) => isTensor(v) || (wrappers.includes(String(key)) && v instanceof Map))
  return itemsOf(value)?.some(isTensor) ?? false
}

function walk(value: Value, name: string, depth: number, found: Map<string, Found>, budget: { visits: number }): void {
  if (depth > deepest) throw new PickleLimit(`what it holds is nested deeper than ${deepest}`)
  if (name.length > longestName) throw new PickleLimit(`a name in it is longer than ${longestName} letters`)
  if (++budget.visits > mostVisits)
    throw new PickleLimit(`what it holds is too much to look through, more than ${mostVisits} values`)
  const inside = name && `${name}.`
  if (isTensor(value)) keep(value, name || 'tensor', found)
  else for (const [key, child] of childrenOf(value)) walk(child, inside + key, depth + 1, found, budget)
}

function keep(tensor: Found, name: string, found: Map<string, Found>): void {
  if (found.has(name)) throw new PickleError(`it holds two tensors named ${JSON.stringify(name.slice(0, 120))}`)
  found.set(name, tensor)
}

/** What may hold tensors of the model, by its name inside of `value`. */
function* childrenOf(value: Value): Generator<[string, Value]> {
  if (value instanceof Stub && isModule(value)) yield* ofModule(value)
  else if (value instanceof Map || value instanceof Stub) {
    for (const [key, child] of value instanceof Map ? value : value.entries)
      if ((typeof key === 'string' && !training.test(key)) || typeof key === 'number') yield [String(key), child]
  } else for (const [i, child] of itemsOf(value)?.entries() ?? []) yield [String(i), child]
}

function isModule({ of, entries }: Stub): boolean {
  return isScript(of) || entries.get('_parameters') instanceof Map || entries.get('_modules') instanceof Map
}

const isScript = (of: Value): boolean => of instanceof Global && of.name.startsWith('__torch__')

/** In the order of state_dict: own parameters, own buffers, then what is inside. */
function* ofModule({ of, entries }: Stub): Generator<[string, Value]> {
  if (isScript(of)) {
    for (const [key, value] of entries)
      if (typeof key === 'string' && (isTensor(value) || (value instanceof Stub && isScript(value.of))))
        yield [key, value]
    return
  }
  const passing = entries.get('_non_persistent_buffers_set')
  const left = passing instanceof PySet ? passing.items : []
  for (const part of ['_parameters', '_buffers', '_modules']) {
    const named = entries.get(part)
    if (!(named instanceof Map)) continue
    for (const [key, value] of named)
      if (typeof key === 'string' && value !== null && !(part === '_buffers' && left.includes(key))) yield [key, value]
  }
}

const isTensor = (value: Value): value is Found => value instanceof Tensor || value instanceof Unreadable

function itemsOf(value: Value | undefined): readonly Value[] | undefined {
  return Array.isArray(value) ? value : value instanceof Tuple ? value.items : undefined
}

function withoutPrefix(tensors: Map<string, Found>): Map<string, Found> {
  for (const prefix of ['module.', '_orig_mod.', 'module.']) {
    const names = [...tensors.keys()]
    if (names.length > 0 && names.every((name) => name.startsWith(prefix)))
      tensors = new Map([...tensors].map(([name, tensor]) => [name.slice(prefix.length), tensor]))
  }
  return tensors
}
