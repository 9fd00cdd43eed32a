// What a run has to say of its difference vector, found in its stored rows, so that next week says what today says:
// that it is 0 and which iterations were skipped, in how many blocks it is 0, and which iterations ended at their own
// start.
import { courseOf, scaledNext } from './coefficients.ts'
import type { RunDetail } from './run.ts'

type Told = Pick<RunDetail, 'config' | 'parents' | 'start' | 'iterations' | 'blocks' | 'state' | 'skipped'>
type Stages = Pick<RunDetail, 'config' | 'start' | 'iterations' | 'state'>

/**
 * Coefficients of the difference vector that an iteration after the last one would scale; null before the start has
 * ended.
 */
function scaled({ config, start, iterations }: Pick<Told, 'config' | 'start' | 'iterations'>): Float64Array[] | null {
  const course = courseOf({ config, parents: [], start, iterations })
  return course && scaledNext(course)
}

const isZero = (table: readonly ArrayLike<number>[]): boolean =>
  table.every((row) => Array.from(row).every((c) => c === 0))

/**
 * The iterations that were skipped. Where every coefficient is 0 none can follow; a run that is done without all of its
 * iterations had a difference vector below rounding, as it would say "stopped" where a person ended it.
 */
export function skippedOf(run: Stages): RunDetail['skipped'] {
  const { config, start, iterations, state } = run
  const table = scaled(run)
  const isOver = start?.ended === true && iterations.every((s) => s.ended)
  if (!table || !isOver || iterations.length >= config.iterations) return undefined
  const why = isZero(table) ? 'zero' : state === 'done' ? 'rounding' : null
  return why ? { first: iterations.length + 1, last: config.iterations, why } : undefined
}

/** In sentences; none for a run of which there is nothing to say. */
export function differenceVectorNotes(run: Told): string[] {
  const { config, parents, start, iterations, skipped } = run
  const notes = twins(parents)
  if (!start?.ended) return notes
  if (skipped) notes.push(skippedSentence(skipped))
  else if (config.iterations === 0 && isZero(start.coefficients))
    notes.push(`The best state is the pre-trained model itself: every coefficient is 0. ${advice}`)
  const still = skipped || config.iterations === 0 ? 0 : zeroBlocks(scaled(run) ?? [])
  if (still > 0)
    notes.push(`In ${still} of ${run.blocks.length} blocks the difference vector is 0: no iteration can change these.`)
  for (const { stage } of iterations.filter((s) => s.ended && !s.accepted))
    notes.push(`Iteration ${stage} stagnated: nothing it tried was better than its own start, and it changed nothing.`)
  return notes
}

const advice = 'What may help: more epochs, another learning rate, or another method.'

/** Also said as it happens. */
export function skippedSentence({ first, last, why }: NonNullable<RunDetail['skipped']>): string {
  const [of, startsOwn] = first === 1 ? ['the start', true] : [`iteration ${first - 1}`, false]
  const which = first === last ? `Iteration ${first} is skipped` : `Iterations ${first} to ${last} are skipped`
  const cause =
    why === 'zero'
      ? `the best state of ${of} is the pre-trained model itself, so that the difference vector is 0`
      : `the difference vector of ${of} is below rounding: in float32 its weights are those of the pre-trained model`
  const next = startsOwn
    ? 'more epochs or another learning rate for the start, or another start'
    : 'a smaller learning rate, or a clamp'
  return `${which}: ${cause}, and scaling it changes nothing. The model of ${of} is kept. What may help: ${next}.`
}

/** Blocks in which every vector has the coefficient 0. */
function zeroBlocks(table: readonly ArrayLike<number>[]): number {
  let count = 0
  for (let b = 0; b < (table[0]?.length ?? 0); b++) if (table.every((row) => row[b] === 0)) count++
  return count
}

/** Models with the pre-trained one's content. */
function twins(parents: RunDetail['parents']): string[] {
  const pretrained = parents.find(({ role }) => role === 'pretrained')?.sha256
  return parents
    .filter(({ role, sha256 }) => role === 'vector' && sha256 === pretrained)
    .map(
      ({ name }) =>
        `${name} is a copy of the pre-trained model: its task vector is 0, and its coefficients change nothing.`,
    )
}
