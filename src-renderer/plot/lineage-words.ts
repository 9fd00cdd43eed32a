// What a node of a lineage is called, what is said below its name, and where it leads.
import type { LineageNode } from '../../src-main/contract/api/lineage.ts'
import { percent, shortHash } from './format.ts'

const said = {
  present: 'in the library',
  missing: 'file missing',
  unreadable: 'file not readable',
  changed: 'file changed',
  elsewhere: 'not in the library',
} as const

export function titleOf(node: LineageNode): string {
  if (node.kind === 'run') return `Run ${node.run}: ${node.name}`
  return node.kind === 'tuning' ? `Fine-tuning ${node.tuning}: ${node.name}` : node.name
}

export function stateOf(node: LineageNode): string {
  if (node.kind === 'model') return `${said[node.state]}${node.sha256 ? `, ${shortHash(node.sha256)}` : ''}`
  return `${node.state}${node.accuracy === null ? '' : `, ${percent(node.accuracy)}`}`
}

/** null: it has no page. */
export function addressOf(node: LineageNode): string | null {
  if (node.kind === 'run') return `#/run/${node.run}`
  return node.kind === 'tuning' || node.entry === null ? null : `#/library/${node.entry}`
}

export const isGone = (node: LineageNode): boolean =>
  node.kind === 'model' && (node.state === 'missing' || node.state === 'unreadable')

/** As much of a title as a box has room for. */
export const briefly = (text: string): string => (text.length > 26 ? `${text.slice(0, 13)}…${text.slice(-12)}` : text)
