// What a run, a fine-tuning or a model comes from, all the way back, and what came of it, all the way on: models are
// known by their content, so that a file that was moved or renamed is the same node. What else was made of its
// ancestors is not of it.
import { existsSync } from 'node:fs'

import type { Lineage, LineageNode } from '../../contract/api/lineage.ts'
import { type RunId, type Sha256, sha256Schema } from '../../contract/branded.ts'
import { entriesWith, entryOf } from '../../history/library/entries.ts'
import { usesOf } from '../../history/library/uses.ts'
import { parentsOf } from '../../history/parents.ts'
import { runRow, summaryOf } from '../../history/runs.ts'
import { type History, snapshot } from '../../history/statement.ts'
import { parentsIn, type TuningRow, tuningRow, tuningRows, tuningStateNow } from '../../history/tunings/tunings.ts'
import { storedRow } from '../library/rows.ts'
import { nameOf } from '../library/sets/conventions.ts'
import { type Made, madeModels } from './made.ts'

const mostNodes = 300
const modelRoles = new Set(['pretrained', 'vector', 'finetuned'])

interface Step {
  key: string
  as: string
  node: () => LineageNode
}

export function lineageOf(history: History, of: { run: RunId } | { id: number }): Lineage {
  return snapshot(history, () => {
    const made = { models: madeModels(history), tunings: tuningRows(history) }
    const root = 'run' in of ? runStep(history, of.run, '') : entryStep(history, of.id)
    const nodes = new Map([[root.key, root.node()]])
    const edges = new Map<string, Lineage['edges'][number]>()
    const left = new Set<string>()
    const walk = (next: (node: LineageNode) => Step[], forwards: boolean) => {
      const waiting = [root.key]
      const seen = new Set(waiting)
      for (let key = waiting.shift(); key !== undefined; key = waiting.shift()) {
        const from = nodes.get(key)
        for (const step of from ? next(from) : []) {
          if (!nodes.has(step.key) && nodes.size >= mostNodes) {
            left.add(step.key)
            continue
          }
          if (!nodes.has(step.key)) nodes.set(step.key, step.node())
          const [a, b] = forwards ? [key, step.key] : [step.key, key]
          edges.set(`${a} ${b}`, { from: a, to: b, as: step.as })
          if (!seen.has(step.key)) waiting.push(step.key)
          seen.add(step.key)
        }
      }
    }
    walk((node) => before(history, made, node), false)
    walk((node) => after(history, made, node), true)
    return { root: root.key, nodes: [...nodes.values()], edges: [...edges.values()], left: left.size }
  })
}

/** What it was made of. */
function before(history: History, made: AllMade, node: LineageNode): Step[] {
  if (node.kind === 'tuning')
    return parentsIn(tuningRow(history, node.tuning))
      .filter(({ role }) => modelRoles.has(role))
      .map(({ role, name, sha256, file }) => modelStep(history, { sha256, name, as: role, file }))
  if (node.kind === 'run')
    return parentsOf(history, node.run)
      .filter(({ role }) => modelRoles.has(role))
      .map(({ role, name, sha256, file }) => modelStep(history, { sha256, name, as: role, file }))
  const own = made.models.find(({ id, sha256 }) => id === node.entry || (sha256 !== null && sha256 === node.sha256))
  const tuned = node.sha256 === null ? [] : made.tunings.filter(({ sha256 }) => sha256 === node.sha256)
  if (!own) return tuned.slice(-1).map((found) => tuningStep(history, found, 'fine-tuned')) // the first that gave it
  return own.run === null
    ? own.parents.map((parent) => modelStep(history, parent))
    : [runStep(history, own.run, stateName(own))]
}

/** What was made of it. */
function after(history: History, made: AllMade, node: LineageNode): Step[] {
  if (node.kind === 'tuning') return tunedModel(history, tuningRow(history, node.tuning))
  if (node.kind === 'run')
    return made.models.filter(({ run }) => run === node.run).map((one) => madeStep(history, one, stateName(one)))
  const { sha256 } = node
  if (sha256 === null) return []
  const runs = usesOf(history, sha256).filter(({ role }) => modelRoles.has(role))
  const merges = made.models.flatMap((one) => {
    const parent = one.run === null ? one.parents.find((of) => of.sha256 === sha256) : undefined
    return parent ? [madeStep(history, one, parent.as)] : []
  })
  const tunings = made.tunings.flatMap((found) => {
    const parent = parentsIn(found).find((of) => of.sha256 === sha256 && modelRoles.has(of.role))
    return parent ? [tuningStep(history, found, parent.role)] : []
  })
  return [...runs.map(({ run, role }) => runStep(history, run, role)), ...tunings, ...merges]
}

interface AllMade {
  models: readonly Made[]
  tunings: readonly TuningRow[] // newest first
}

function tunedModel(history: History, { model, sha256: found }: TuningRow): Step[] {
  const { data } = sha256Schema.safeParse(found)
  if (model === null || data === undefined) return []
  return [modelStep(history, { sha256: data, name: nameOf(model), as: 'fine-tuned', file: model })]
}

function tuningStep(history: History, found: TuningRow, as: string): Step {
  const { tuning, name, accuracy } = found
  const key = `fine-tuning ${tuning}`
  const node = (): LineageNode => ({
    kind: 'tuning',
    key,
    name,
    tuning,
    state: tuningStateNow(history, found),
    accuracy,
  })
  return { key, as, node }
}

const stateName = ({ recipe }: Made): string => (recipe.iteration === 0 ? 'the start' : `iteration ${recipe.iteration}`)

function runStep(history: History, run: RunId, as: string): Step {
  const node = (): LineageNode => {
    const { name, state, accuracy } = summaryOf(history, runRow(history, run))
    return { kind: 'run', key: `run ${run}`, run, name, state, accuracy }
  }
  return { key: `run ${run}`, as, node }
}

function madeStep(history: History, { id, sha256 }: Made, as: string): Step {
  return { ...entryStep(history, id), ...(sha256 !== null && { key: sha256 }), as }
}

function entryStep(history: History, id: number): Step {
  const { sha256 } = storedRow(history, id)
  const key = sha256 ?? `row ${id}`
  return { key, as: '', node: () => entryNode(history, key, id) }
}

function entryNode(history: History, key: string, id: number): LineageNode {
  const { path, sha256, state } = entryOf(history, id) ?? storedRow(history, id)
  return { kind: 'model', key, name: nameOf(path), sha256, entry: id, state }
}

interface Known {
  sha256: Sha256
  name: string
  as: string
  file?: string
}

/** The library's row of that content, a present one first; else what is known of it from where it was used. */
function modelStep(history: History, { sha256, name, as, file = '' }: Known): Step {
  const node = (): LineageNode => {
    const rows = entriesWith(history, sha256)
    const row = rows.find(({ state, path }) => state === 'present' && existsSync(path)) ?? rows[0]
    if (row) return entryNode(history, sha256, row.id)
    const state = file !== '' && existsSync(file) ? 'elsewhere' : 'missing'
    return { kind: 'model', key: sha256, name, sha256, entry: null, state }
  }
  return { key: sha256, as, node }
}
