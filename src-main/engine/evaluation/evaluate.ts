// Models on tasks, outside any run: every task's images are opened once, every model's weights loaded once, and of each
// pair its predictions are kept, which is all that the report needs: accuracies, what two models differ in,
// calibration, groups, mistakes to look at. Fine-tuned references are measured on the same images, or are the numbers
// the request brings.

import type { EvaluationReport, EvaluationRequest, TaskReport } from '../../contract/api/evaluations.ts'
import { BasilError } from '../../contract/errors.ts'
import type { Progress } from '../../contract/run/run.ts'
import { mean } from '../../numbers/statistics/paired.ts'
import { at } from '../../numbers/vectors.ts'
import { checkLabels, type LabelledImages, type Picture } from '../datasets/images.ts'
import { type DataHost, type OpenedImages, openImages } from '../datasets/open-images.ts'
import type { Backend } from '../devices/backend.ts'
import { readHeadAs } from '../heads/head-file.ts'
import type { Architecture } from '../layouts/clip-names.ts'
import type { Head } from '../problems/head.ts'
import { microBatchFor } from '../problems/micro-batch.ts'
import { checkHead, checkSize } from '../runs/tasks.ts'
import { classesBeside } from './class-names.ts'
import type { Evaluated } from './model.ts'
import { ofWhole } from './of-whole.ts'
import { type Predictions, predict } from './predict.ts'
import { differ, mistakesOf, resultOf } from './result.ts'

export interface EvaluationHost extends DataHost {
  backend: Backend
  /** A model to compare with; closed by whoever asked. */
  openModel(file: string): Promise<Evaluated>
  /** A small JPEG. */
  thumbnail(picture: Picture, size: number): Promise<Uint8Array>
  /** Takes a row for every image of every task and model. */
  keep: ((rows: Iterable<PredictionRow>) => Promise<void>) | null
}

export interface PredictionRow {
  task: string
  model: string
  image: string
  label: number
  predicted: number
  confidence: number
  group: string | null
}

interface Task {
  asked: EvaluationRequest['tasks'][number]
  head: Head
  classes: string[] | null
  images: LabelledImages
  facts: OpenedImages['facts']
}

/** What is said of each model beside its means. */
type Named = Omit<EvaluationReport['models'][number], 'accuracy' | 'relativeAccuracy'>

/** models: as many as `named`, opened, and the caller's to close. */
export async function* evaluate(
  request: EvaluationRequest,
  models: readonly Evaluated[],
  named: () => Promise<Named[]>,
  host: EvaluationHost,
): AsyncGenerator<Progress, EvaluationReport> {
  const [first] = models as [Evaluated]
  const tasks: Task[] = []
  try {
    for (const asked of request.tasks) tasks.push(yield* openTask(request, asked, first.architecture, host))
    for (const { architecture } of models) for (const task of tasks) checkFits(task, architecture)
    const told: Predictions[][] = tasks.map(() => [])
    const course = courseOf(models.length, tasks)
    for (const [m, model] of models.entries()) {
      const name = request.models[m]?.name ?? ''
      const predictions = yield* onTasks(model, tasks, name, host, course)
      predictions.forEach((one, t) => told[t]?.push(one))
    }
    const references = yield* referencesOf(tasks, host, course)
    const reports: TaskReport[] = []
    for (const [t, task] of tasks.entries()) {
      yield { type: 'progress', what: `Looking at mistakes in ${task.asked.name}`, done: t, total: tasks.length }
      reports.push(await reportOf(task, told[t] as Predictions[], references[t] ?? null, request.mistakes, host))
    }
    const known = await named() // throws where a file is not what it was
    await host.keep?.(
      rowsOf(
        tasks,
        told,
        known.map(({ name }) => name),
      ),
    )
    return {
      split: request.split,
      models: known.map((model, m) => ({ ...model, ...meansOf(reports, m) })),
      tasks: reports,
    }
  } finally {
    for (const { images } of tasks) await images.close()
  }
}

async function* openTask(
  { onUnreadable }: EvaluationRequest,
  asked: Task['asked'],
  architecture: Architecture,
  host: EvaluationHost,
): AsyncGenerator<Progress, Task> {
  const { head, said } = await readHeadAs(asked.head, host.open, { as: 'zero-shot', features: 'normalised' })
  checkHead(asked, head, architecture)
  const signal = new AbortController()
  const wanted = { size: architecture.imageSize, augment: null, onUnreadable, signal: signal.signal }
  try {
    const { images, facts } = yield* openImages(asked.data, wanted, host)
    const task = {
      asked,
      head,
      classes: said?.classes ?? facts?.classes ?? (await classesBeside(asked.head, host.open)),
      images,
      facts,
    }
    try {
      checkFits(task, architecture)
      checkLabels(images, head)
      checkPositive(asked, head)
      return task
    } catch (error) {
      await images.close()
      throw error
    }
  } finally {
    signal.abort() // nobody listens any more, or all of it is there
  }
}

function checkPositive({ name, positive }: Task['asked'], { classes }: Head): void {
  if (positive === null || positive < classes) return
  throw new BasilError({
    code: 'label-range',
    what: 'The positive class is none of the head',
    where: name,
    why: `it is ${positive}, the head has classes 0 to ${classes - 1}`,
    next: 'name a class by the number of its label',
  })
}

function checkFits({ asked, head, images }: Task, architecture: Architecture): void {
  checkHead(asked, head, architecture)
  checkSize(images, architecture)
}

/** Images that go through a model, of all models and tasks together. */
interface Course {
  of<T>(images: number, work: AsyncGenerator<Progress, T>): AsyncGenerator<Progress, T>
}

function courseOf(models: number, tasks: readonly Task[]): Course {
  const passes = tasks.map((task) => task.images.count * (models + (fileOf(task) === null ? 0 : 1)))
  const total = passes.reduce((sum, images) => sum + images, 0)
  let before = 0
  return {
    of: (images, work) => {
      before += images
      return ofWhole(before - images, total, work)
    },
  }
}

/** The file of its reference, where that is to be measured. */
const fileOf = ({ asked: { reference } }: Task): string | null =>
  reference && 'file' in reference ? reference.file : null

/** Of each task, in their order. */
async function* onTasks(
  { architecture, load }: Evaluated,
  tasks: readonly Task[],
  name: string,
  { backend }: EvaluationHost,
  course: Course,
): AsyncGenerator<Progress, Predictions[]> {
  const tower = { architecture, ops: backend.ops, freeBytes: backend.freeBytes }
  const microBatch = microBatchFor('auto', backend, architecture)
  const found: Predictions[] = []
  const loaded = await load(tower)
  try {
    for (const { asked, head, images } of tasks)
      found.push(
        yield* course.of(
          images.count,
          predict(tower, loaded.model, head, images, microBatch, `${name} on ${asked.name}`),
        ),
      )
    return found
  } finally {
    loaded.dispose()
  }
}

async function* referencesOf(
  tasks: readonly Task[],
  host: EvaluationHost,
  course: Course,
): AsyncGenerator<Progress, TaskReport['reference'][]> {
  const found = tasks.map(({ asked: { reference } }): TaskReport['reference'] =>
    reference && 'accuracy' in reference ? { how: 'imported', ...reference } : null,
  )
  for (const file of new Set(tasks.map(fileOf).filter((file) => file !== null))) {
    const theirs = tasks.filter((task) => fileOf(task) === file)
    const model = await host.openModel(file)
    try {
      for (const task of theirs) checkFits(task, model.architecture)
      const predictions = yield* onTasks(model, theirs, 'The fine-tuned model', host, course)
      theirs.forEach((task, i) => {
        const { images } = task
        const right = images.labels.filter((label, n) => label === predictions[i]?.predicted[n]).length
        found[tasks.indexOf(task)] = { accuracy: right / images.count, how: 'measured', from: file }
      })
    } finally {
      await model.close()
    }
  }
  return found
}

async function reportOf(
  { asked, head, classes, images, facts }: Task,
  told: readonly Predictions[],
  reference: TaskReport['reference'],
  mistakes: number,
  host: EvaluationHost,
): Promise<TaskReport> {
  const measured = { images, classes: head.classes, positive: asked.positive, reference: reference?.accuracy ?? null }
  const results: TaskReport['results'] = []
  for (const predictions of told)
    results.push({ ...resultOf(measured, predictions), mistakes: await shown(images, predictions, mistakes, host) })
  const [a, b] = told
  const { name, data, head: path } = asked
  return {
    name,
    data,
    head: path,
    classes,
    images: facts,
    reference,
    results,
    mcnemar: a && b ? differ(images.labels, a, b) : null,
  }
}

async function shown(
  images: LabelledImages,
  { predicted, confidence, ...told }: Predictions,
  most: number,
  { thumbnail }: EvaluationHost,
): Promise<TaskReport['results'][number]['mistakes']> {
  const wrong = mistakesOf(images.labels, { predicted, confidence, ...told }, most)
  const pictures = await (await images.fetch(wrong))()
  return Promise.all(
    wrong.map(async (i, n) => ({
      image: images.name(i),
      label: at(images.labels, i),
      predicted: at(predicted, i),
      confidence: at(confidence, i),
      picture: Buffer.from(await thumbnail(at(pictures, n), images.size)).toString('base64'),
    })),
  )
}

/** Over the rows of the report, each task the same weight. */
function meansOf(tasks: readonly TaskReport[], model: number): { accuracy: number; relativeAccuracy: number | null } {
  const results = tasks.map(({ results }) => results[model] as TaskReport['results'][number])
  const relative = results.map(({ relativeAccuracy }) => relativeAccuracy).filter((value) => value !== null)
  return {
    accuracy: mean(results.map(({ accuracy }) => accuracy)),
    relativeAccuracy: relative.length === results.length ? mean(relative) : null,
  }
}

function* rowsOf(
  tasks: readonly Task[],
  told: readonly Predictions[][],
  models: readonly string[],
): Generator<PredictionRow> {
  for (const [t, { asked, images }] of tasks.entries())
    for (const [m, { predicted, confidence }] of (told[t] ?? []).entries())
      for (let i = 0; i < images.count; i++)
        yield {
          task: asked.name,
          model: models[m] ?? '',
          image: images.name(i),
          label: at(images.labels, i),
          predicted: at(predicted, i),
          confidence: at(confidence, i),
          group: images.groups?.[i] ?? null,
        }
}
