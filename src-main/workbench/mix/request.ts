// What is asked of the engine for a mix, from the words of a page: a run's own model on the split it was selected on,
// or a merge that is being composed on tasks that are known. What is known of these images already comes along.
import type { MixRequest, MixTask, OpenedMix, WantedMix } from '../../contract/api/mix.ts'
import type { RunId } from '../../contract/branded.ts'
import { BasilError } from '../../contract/errors.ts'
import { linearForm } from '../../contract/mix/linear.ts'
import type { RunDetail, TaskScore } from '../../contract/run/run.ts'
import { runDetail } from '../../history/detail.ts'
import { parentsOf } from '../../history/parents.ts'
import type { History } from '../../history/statement.ts'
import { tasksOf } from '../evaluations/request.ts'
import { type TaskRooms, tasksFor } from '../evaluations/router.ts'
import { recipeOf } from '../export/recipe.ts'
import { filesHere, recipeHere } from '../library/whereabouts.ts'
import type { Merges } from '../merges/merges.ts'

export interface MixPlace extends TaskRooms {
  history: History
  merges: Pick<Merges, 'recipe'>
}

export interface MixOf {
  request: MixRequest
  known: Pick<OpenedMix, 'name' | 'split' | 'control'> & { tasks: Omit<MixTask, 'images'>[] }
}

/** Throws run-missing, run-state, config-invalid, or what the history cannot read. */
export function mixOf(wanted: WantedMix, place: MixPlace): MixOf {
  return 'run' in wanted ? ofRun(wanted.run, place.history) : ofMerge(wanted, place)
}

function ofRun(run: RunId, history: History): MixOf {
  const detail = runDetail(history, run)
  const recipe = recipeHere(history, recipeOf(history, run, null))
  const here = filesHere(history, parentsOf(history, run))
  const config = here.config(detail.config)
  const split = config.select.startsWith('validation') ? 'validation' : 'training'
  const { tasks, onUnreadable } = tasksOf(config, split)
  for (const { name, data } of tasks) requireNoTest(name, data, detail)
  const scores = { own: ownScores(detail), ...measuredOn(detail, split) }
  return {
    request: { recipe, tasks, split, onUnreadable, config, files: here.parents(detail.parents) },
    known: {
      name: `Run ${run}: ${detail.name}`,
      split,
      control: recipe.control ?? null,
      tasks: config.tasks.map(({ name, aim }) => ({ name, aim, ...of(scores, name) })),
    },
  }
}

function ofMerge({ merge, tasks: asked }: Extract<WantedMix, { merge: unknown }>, place: MixPlace): MixOf {
  if (merge.missing) throw notWhole()
  const recipe = linearForm(place.merges.recipe(merge))
  const { tasks, onUnreadable = 'skip' } = tasksFor(asked, 'validation', place)
  const detail = 'run' in asked ? runDetail(place.history, asked.run) : null
  const scores = { own: new Map(), ...(detail ? measuredOn(detail, 'validation') : nothing) }
  return {
    request: { recipe, tasks, split: 'validation', onUnreadable, config: null, files: [] },
    known: {
      name: recipe.name,
      split: 'validation',
      control: null,
      tasks: tasks.map(({ name }) => ({
        name,
        aim: detail?.config.tasks.find((task) => task.name === name)?.aim ?? 'learn',
        ...of(scores, name),
      })),
    },
  }
}

type Scores = ReadonlyMap<string, number>
const nothing = { pretrained: new Map(), reference: new Map() }

function of(scores: { own: Scores; pretrained: Scores; reference: Scores }, name: string) {
  return {
    own: scores.own.get(name) ?? null,
    pretrained: scores.pretrained.get(name) ?? null,
    reference: scores.reference.get(name) ?? null,
  }
}

/** Of the state that the recipe is of, when it was chosen. */
function ownScores({ start, iterations }: RunDetail): Scores {
  const stage = iterations.findLast(({ ended, accepted }) => ended && accepted) ?? start
  return byName(stage?.epochs.find(({ step }) => step === stage.best)?.tasks)
}

function measuredOn({ evaluations }: RunDetail, split: string): { pretrained: Scores; reference: Scores } {
  const scores = (model: string): Scores =>
    byName(evaluations.find((e) => e.split === split && e.model === model)?.tasks)
  return { pretrained: scores('pretrained'), reference: scores('finetuned') }
}

const byName = (scores: readonly TaskScore[] = []): Scores =>
  new Map(scores.map(({ task, accuracy }) => [task, accuracy]))

/** Learning without labels may have looked at test images; their labels stay locked. */
function requireNoTest(name: string, data: string, { config }: Pick<RunDetail, 'config'>): void {
  if (!config.tasks.some((task) => task.name === name && task.test !== null && task.test === data)) return
  throw new BasilError({
    code: 'not-allowed',
    what: 'There are no images to move coefficients by',
    where: name,
    why: 'the run has its test images alone, and those are opened once, at the end of a run',
    next: 'give the task validation data in a new run',
  })
}

function notWhole(): BasilError {
  return new BasilError({
    code: 'not-supported',
    what: 'These models cannot be measured while they are merged',
    where: 'tensors that not all have',
    why: 'what some lack is taken from the pre-trained model, and an image tower is measured whole',
    next: 'merge models that have the same tensors',
  })
}
