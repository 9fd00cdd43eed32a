// Data sets in lines for a terminal.
import type { DataSet, DrawnSplit, LeakReport, PreparedSplit, ShownData } from '../../contract/api/data.ts'
import { leftOutCount, leftOutSentence } from '../../contract/data/left-out.ts'
import { sentence } from '../../contract/errors.ts'

const mostShown = 20 // pairs of twins, unreadable images

export function dataLine({
  id,
  name,
  state,
  error,
  splits,
  classes,
  bytes,
  leaked,
  unreadable,
  leftOut,
  path,
}: DataSet): string {
  const rest = [
    splits.map((split) => `${split.name} ${split.count}`).join(', '),
    classes === null ? '' : `${classes} classes`,
    bytes === null ? '' : `${(bytes / 1e6).toFixed(1)} MB`,
    leaked ? `${leaked} images in two splits` : '',
    unreadable ? `${unreadable} unreadable` : '',
    leftOut.length > 0 ? `${leftOutCount(leftOut)} left out` : '',
    error ? `${state}: ${error.why}` : '',
    path,
  ]
  return `${String(id).padStart(5)}  ${name.padEnd(20)}  ${rest.filter(Boolean).join('  ')}`
}

/** What was left out of each split, with its reason and the first names. */
export function leftOutLines({ leftOut }: Pick<DataSet, 'leftOut'>): string[] {
  return leftOut.map((left) => `       ${left.split}: ${leftOutSentence(left)}`)
}

export function shownLines({ facts, prepared, leaks, ...row }: ShownData): string[] {
  const splits = (title: string, all: DrawnSplit[] = []): string[] =>
    all.map(
      ({ name, count, drawn, indices }) => `  ${title}  ${name}  ${count}  ${indices}${drawn ? `  ${drawn}` : ''}`,
    )
  return [
    dataLine(row),
    ...(row.error ? [`       ${sentence(row.error)}`] : []),
    ...leftOutLines(row),
    ...(facts ? [`       ${facts.source}`] : []),
    ...splits('on disk', facts?.splits),
    ...splits('field  ', facts?.field),
    ...(facts?.classes ?? []).map((name, label) => `  class ${label}  ${name}`),
    ...prepared.map(preparedLine),
    ...(leaks ? leakLines(leaks) : []),
  ]
}

export function preparedLine({ images, count, skipped, skippedCount, cached }: PreparedSplit): string {
  const lines = skipped.slice(0, mostShown).map(({ name, reason }) => `\n       ${name}: ${reason}`)
  return `  prepared  ${images}: ${count} images${cached ? '' : ', too many for the cache'}, ${skippedCount} unreadable${lines.join('')}`
}

export function leakLines({ pairs, size }: LeakReport): string[] {
  return pairs.flatMap(({ here, there, exact, alike, twins }) => [
    `  ${here} in ${there}: ${exact} exactly, ${alike} to the eye, at ${size} pixels`,
    ...twins
      .slice(0, mostShown)
      .map((twin) => `       ${twin.here.name}  ${twin.exact ? 'is' : 'looks like'}  ${twin.there.name}`),
  ])
}
