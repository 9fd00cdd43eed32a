// Checkpoints whose tensors have numbers for names: linearised models (model.params.N, with params0.N for the point
// they are expanded at) and DV-BASI's lists of parameters ("0", "1", ...). N counts an image encoder's parameters in
// the order of their registration, so a name follows from its place once every shape fits; a single one that does not,
// and nothing is named.

import { isFloating } from '../formats/dtype.ts'
import type { TensorFile } from '../formats/tensor-file.ts'
import { encoderParameters } from './clip-names.ts'
import { expansion, type Layout } from './layout.ts'
import type { View } from './view.ts'

export const linearised: Layout = {
  name: 'linearised',
  recognise(file) {
    const [params, point] = [numbered(file, /^(?:.*\.)?params\.(\d+)$/), numbered(file, /^(?:.*\.)?params0\.(\d+)$/)]
    const names = namesOf(file, params)
    const pointNames = point.length > 0 ? namesOf(file, point) : []
    if (!names || !pointNames) return undefined
    return byPlace(file, [
      [names, params],
      [pointNames.map((name) => expansion + name), point],
    ])
  },
}

export const tensorList: Layout = {
  name: 'tensor list',
  recognise(file) {
    // counters stand between them
    const list = numbered(file, /^(\d+)$/).filter((name) => isFloating(file.tensors.get(name)?.dtype ?? 'U8'))
    const names = namesOf(file, list)
    return names && byPlace(file, [[names, list]])
  },
}

function byPlace(file: TensorFile, found: [ours: string[], theirs: string[]][]) {
  const views = new Map<string, View>(
    found.flatMap(([ours, theirs]) => ours.map((name, i) => [name, { of: [theirs[i] as string] }])),
  )
  const placed = new Set(found.flatMap(([, theirs]) => theirs))
  for (const name of file.tensors.keys()) if (!placed.has(name)) views.set(name, { of: [name] })
  return { views, called: (name: string) => name }
}

/**
 * The tensors a pattern numbers 0, 1, 2, ... behind one prefix, in that order; else none. Lists may have integers
 * between.
 */
function numbered(file: TensorFile, pattern: RegExp): string[] {
  const row: (string | undefined)[] = []
  let prefix: string | undefined
  let count = 0
  for (const name of file.tensors.keys()) {
    const number = pattern.exec(name)?.[1]
    if (number === undefined) continue
    if (count++ === 0) row.length = file.tensors.size
    prefix ??= name.slice(0, -number.length)
    const place = Number(number)
    if (
      place >= row.length ||
      row[place] !== undefined ||
      name.length !== prefix.length + number.length ||
      !name.startsWith(prefix)
    )
      return []
    row[place] = name
  }
  const found = row.slice(0, count).filter((name) => name !== undefined)
  return found.length === count ? found : []
}

/** Canonical names in the order of an image encoder's parameters; undefined where a shape does not fit its place. */
function namesOf(file: TensorFile, list: readonly string[]): string[] | undefined {
  const shapes = list.map((name) => file.tensors.get(name)?.shape ?? [])
  const lead = [0, 3].find((n) => shapes[n + 3]?.length === 4) // with or without the text tower's leftovers
  if (lead === undefined) return undefined
  const [, positions = [], proj = [], conv = []] = shapes.slice(lead)
  const layers = (list.length - 8 - 2 * lead) / 12
  if (!Number.isInteger(layers) || layers < 1) return undefined
  const [width = 0, , patchSize = 0] = conv
  const [context = 0, textWidth = 0] = lead ? (shapes[0] ?? []) : []
  const vocabulary = shapes[list.length - 3]?.[0] ?? 0
  const mlp = shapes[lead + 14]?.[0] ?? 0 // the first layer's c_fc
  const leftovers = lead ? { context, width: textWidth, vocabulary } : undefined
  const expected = [
    ...encoderParameters({ width, patchSize, layers, mlp, tokens: positions[0] ?? 0, embed: proj[1] ?? 0 }, leftovers),
  ]
  return expected.every(([, shape], i) => shape.join() === shapes[i]?.join())
    ? expected.map(([name]) => name)
    : undefined
}
