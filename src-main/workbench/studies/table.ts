// A study's table, every figure computed from the stored rows. One value of an arm is the mean over its parts of one
// seed, of which all must be done; from these come mean and standard deviation over seeds, and against the first arm
// the paired difference on the seeds that both have.
import type { ArmRow, Spread, StudyRun } from '../../contract/api/studies.ts'
import { leakSentence } from '../../contract/data/leaks.ts'
import { deviation, mean, pairedTTest } from '../../numbers/statistics/paired.ts'

type Field = 'accuracy' | 'relativeAccuracy' | 'control' | 'pretrained' | 'finetuned'

interface Made {
  all: readonly StudyRun[]
  first: readonly StudyRun[] // the first arm's
  row: ArmRow
}

const made = new WeakMap<StudyRun, Made>() // by an arm's first run: of ten thousand runs few are others than before

/** In the order in which the arms first appear. */
export function tableOf(runs: readonly StudyRun[]): ArmRow[] {
  const arms = [...Map.groupBy(runs, ({ arm }) => arm)]
  const [[, first] = ['', []]] = arms
  return arms.map(([arm, all]) => rowOf(arm, all, first))
}

/** The very same where all runs are that it is of. */
function rowOf(arm: string, all: readonly StudyRun[], first: readonly StudyRun[]): ArmRow {
  const [run] = all
  const known = run && made.get(run)
  if (known && areSame(known.all, all) && areSame(known.first, first)) return known.row
  const own = whole(all)
  const row: ArmRow = {
    arm,
    seeds: own.size,
    parts: new Set(all.map(({ part }) => part)).size,
    accuracy: spread(own, 'accuracy'),
    relativeAccuracy: spread(own, 'relativeAccuracy'),
    control: spread(own, 'control'),
    pretrained: spread(own, 'pretrained')?.mean ?? null,
    finetuned: spread(own, 'finetuned')?.mean ?? null,
    failed: all.filter(({ state }) => state === 'failed').length,
    leaks: [...new Map(all.flatMap((one) => one.leaks.map((leak) => [leakSentence(leak), leak] as const))).values()],
    paired: all === first ? null : paired(own, whole(first)),
  }
  if (run) made.set(run, { all, first, row })
  return row
}

const areSame = (a: readonly StudyRun[], b: readonly StudyRun[]): boolean =>
  a.length === b.length && a.every((run, i) => run === b[i])

/** One arm's value of every seed that it has done. */
export function accuracyBySeed(runs: readonly StudyRun[]): ReadonlyMap<number, number> {
  return new Map(
    [...whole(runs)].flatMap(([seed, parts]) => {
      const value = over(parts.map(({ accuracy }) => accuracy))
      return value === null ? [] : [[seed, value] as const]
    }),
  )
}

type Seeds = Map<number, StudyRun[]>

/** Seeds of which every part is done. */
function whole(runs: readonly StudyRun[]): Seeds {
  return new Map(
    [...Map.groupBy(runs, ({ seed }) => seed)].filter(([, parts]) => parts.every(({ state }) => state === 'done')),
  )
}

/** null where one was not measured: a mean over some would be another number. */
function over(values: readonly (number | null)[]): number | null {
  const known = values.filter((v) => v !== null)
  return known.length === values.length && known.length ? mean(known) : null
}

function spread(seeds: Seeds, field: Field): Spread | null {
  const values = [...seeds.values()].map((parts) => over(parts.map((run) => run[field]))).filter((v) => v !== null)
  return values.length === seeds.size && values.length ? { mean: mean(values), deviation: deviation(values) } : null
}

function paired(own: Seeds, first: Seeds): ArmRow['paired'] {
  const value = (parts: readonly StudyRun[] = []): number | null => over(parts.map(({ accuracy }) => accuracy))
  const differences = [...own].flatMap(([seed, parts]) => {
    const [mine, other] = [value(parts), value(first.get(seed))]
    return mine === null || other === null ? [] : [mine - other]
  })
  return differences.length
    ? { difference: mean(differences), p: pairedTTest(differences), seeds: differences.length }
    : null
}
