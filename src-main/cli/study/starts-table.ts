// Of a study whose arms go on from starts that are arms themselves, a table with a row a start: the start alone, each
// way to go on, and what the first way has before the others and before each rival, with intervals. As Markdown.
import type { StudyRun } from '../../contract/api/studies.ts'
import type { Starts } from '../../workbench/studies/starts.ts'
import { accuracyBySeed } from '../../workbench/studies/table.ts'
import { type BySeed, difference, markdownTable, meanOver, spread } from './by-seed.ts'

export function startLines({ starts, ways, rivals, steps }: Starts, runs: readonly StudyRun[]): string[] {
  const byArm = Map.groupBy(runs, ({ arm }) => arm)
  const seedsOf = (arm: string | undefined): BySeed => accuracyBySeed(byArm.get(arm ?? '') ?? [])
  const [first = '', ...others] = ways
  const against = new Map(rivals.map((rival) => [rival, seedsOf(rival)]))
  const rows = starts.map(({ arm, onward }) => ({
    name: arm,
    alone: seedsOf(arm),
    ways: new Map(ways.map((way) => [way, seedsOf(onward.get(way))])),
  }))
  const all = {
    name: `mean of ${rows.length}`,
    alone: meanOver(rows.map(({ alone }) => alone)),
    ways: new Map(ways.map((way) => [way, meanOver(rows.map((row) => seedsIn(row.ways, way)))])),
  }
  const head = ['start', 'seeds', 'alone', ...ways, ...[...others, ...rivals].map((other) => `${first} − ${other}`)]
  const cells = [...rows, all].map(({ name, alone, ways: own }) => [
    name,
    String(Math.min(alone.size, ...ways.map((way) => seedsIn(own, way).size))),
    spread(alone),
    ...ways.map((way) => spread(seedsIn(own, way))),
    ...others.map((way) => difference(seedsIn(own, first), seedsIn(own, way))),
    ...rivals.map((rival) => difference(seedsIn(own, first), seedsIn(against, rival))),
  ])
  return [
    ...markdownTable(head, cells),
    '',
    ...rivals.map((rival) => `${rival}, from a start of its own: ${spread(seedsIn(against, rival))}.`),
    `Steps after the start, of all runs that are done: ${[...steps].map(([of, n]) => `${of} ${n.join(' or ')}`).join(', ')}.`,
    'Accuracy: the mean over tasks in %, ± the standard deviation over seeds. Differences are in points, paired by seed; in brackets their 95 % interval by Student’s t, where they are not all alike.',
  ]
}

const seedsIn = (of: ReadonlyMap<string, BySeed>, name: string): BySeed => of.get(name) ?? new Map<number, number>()
