// The names a pickle may call and what each gives: the allow-list. Every other name gives an inert stub. A storage is
// no call: it is named by a persistent id, ('storage', its class, key, device, elements), and lies outside of the
// pickle.
import { type Call, count, isRebuild, itemsOf, rebuilds } from './rebuild.ts'
import { Global, PickleError, PySet, Storage, Stub, Tuple, Unreadable, type Value } from './values.ts'

const calls = new Map<string, Call>([
  ['collections OrderedDict', dictionary],
  ['collections defaultdict', () => new Map()], // its argument is the factory
  ...rebuilds,
  ['torch Size', ([sizes]) => new Tuple(itemsOf(sizes ?? null))],
  ['torch.jit._pickle restore_type_tag', ([value]) => value ?? null],
  ...['__builtin__ set', 'builtins set', '__builtin__ frozenset', 'builtins frozenset'].map((name): [string, Call] => [
    name,
    set,
  ]),
])

/** What calling `callable` gives: by the allow-list, else a stub that remembers the name. */
export function call(callable: Value, args: Value): Value {
  const name = callable instanceof Global ? callable.name : ''
  const known = calls.get(name)
  if (known && args instanceof Tuple) return known(args.items)
  if (isRebuild(name))
    return new Unreadable(
      `made by ${name.replace(' ', '.').slice(0, 80)}, which Basil does not know`,
      'store it as float32',
    )
  return new Stub(callable, args)
}

/** What a persistent id stands for. Throws where it is no storage and no class. */
export function persistent(id: Value): Value {
  const [kind, type, key, , elements, view] = id instanceof Tuple ? id.items : []
  if (kind === 'module' && type instanceof Global) return type // a class and, in old files, its source text
  if (kind !== 'storage' || !(type instanceof Global) || typeof key !== 'string')
    throw new PickleError('an object outside of the pickle is no storage')
  if (view !== undefined && view !== null)
    throw new PickleError('a storage is a view of another, as PyTorch wrote them before 0.4')
  return new Storage(key, type.name.split(' ')[1] as string, count(elements ?? null, 'a storage has'))
}

function dictionary([pairs]: readonly Value[]): Map<Value, Value> {
  const map = new Map<Value, Value>()
  for (const pair of pairs === undefined ? [] : itemsOf(pairs)) {
    const [key, value] = itemsOf(pair)
    if (key === undefined || value === undefined)
      throw new PickleError('a dictionary is made of something else than pairs')
    map.set(key, value)
  }
  return map
}

function set([items]: readonly Value[]): PySet {
  const made = new PySet()
  for (const item of items === undefined ? [] : itemsOf(items)) made.items.push(item)
  return made
}
