// The library's rows in lines for a terminal.

import type { Added, CheckpointSet, Entry, Shown } from '../../contract/api/library.ts'
import { sentence } from '../../contract/errors.ts'

export function addedLines({ added, known, refused }: Added, entries: Entry[]): string[] {
  return [
    ...entries.filter(({ id }) => added.includes(id)).map(entryLine),
    ...refused.map((error) => sentence(error)),
    `${added.length} added, ${known.length} were there already, ${refused.length} refused.`,
  ]
}

export function entryLine({
  id,
  name,
  state,
  error,
  role,
  architecture,
  layout,
  dtype,
  bytes,
  sha256,
  twins,
  runs,
  tags,
}: Entry): string {
  const what = [role, architecture?.name ?? layout, dtype].filter((word) => word && word !== 'unknown').join(', ')
  const rest = [
    `${(bytes / 1e6).toFixed(1)} MB`,
    sha256?.slice(0, 12),
    twins.length ? `same as ${twins.join(', ')}` : '',
    runs ? `${runs} run${runs === 1 ? '' : 's'}` : '',
    tags.map((tag) => `#${tag}`).join(' '),
    error ? `${state}: ${error.why}` : state === 'present' ? '' : state,
  ]
  return `${String(id).padStart(5)}  ${name.padEnd(36)}  ${what.padEnd(28)}  ${rest.filter(Boolean).join('  ')}`
}

export function setLine({ folder, model, finetuned, heads, findings }: CheckpointSet): string {
  const names = finetuned.map(({ dataset, linear }) => `${dataset}${linear ? ' (linear)' : ''}`).join(', ')
  return [
    `  set  ${model} in ${folder}: ${names}; ${heads.length} heads`,
    ...findings.map((error) => `       ${sentence(error)}`),
  ].join('\n')
}

export function shownLines({ list, lineage, notes, path, error, ...entry }: Shown): string[] {
  const { made, parents, usedBy } = lineage
  return [
    entryLine({ ...entry, path, error, notes }),
    `       ${path}`,
    ...(error ? [`       ${sentence(error)}`] : []),
    ...(notes ? [`       ${notes}`] : []),
    ...(made
      ? [
          `       made by ${made.method}, "${made.name}"${made.run === null ? '' : `, run ${made.run}`}, iteration ${made.iteration}`,
        ]
      : []),
    ...parents.map(
      (p) =>
        `       from ${p.role} ${p.name} ${p.sha256.slice(0, 12)}${p.id === null ? ', not in the library' : `, row ${p.id}`}`,
    ),
    ...usedBy.map((use) => `       used as ${use.role} by run ${use.run}, ${use.name}`),
    ...list.map(({ name, dtype, shape }) => `  ${name}  ${dtype}  (${shape.join(', ')})`),
  ]
}
