// basil eval: models on tasks, with intervals, beside each other and beside their fine-tuned references. Models are
// checkpoints of any layout or states of runs; what is measured is kept in the history, and with --out written as a
// page, as JSON and as tables.

import { basename, join, resolve } from 'node:path'

import { Command, InvalidArgumentError, Option } from 'commander'

import {
  type EvaluationDetail,
  type EvaluationReport,
  type EvaluationRequest,
  evaluationRequestSchema,
} from '../../contract/api/evaluations.ts'
import type { RunId } from '../../contract/branded.ts'
import { BasilError } from '../../contract/errors.ts'
import { makeFolder } from '../../files/made-folder.ts'
import { requireFree, writeAtomic } from '../../files/write-atomic.ts'
import { alongLambda } from '../../workbench/evaluations/along-lambda.ts'
import type { Evaluations } from '../../workbench/evaluations/evaluations.ts'
import { reportCsv } from '../../workbench/evaluations/report/csv.ts'
import { distinct, importedReferences, type Tasks, tasksOf } from '../../workbench/evaluations/request.ts'
import { resolveFile } from '../../workbench/projects.ts'
import { valuesOf } from '../../workbench/scores/ways.ts'
import { wholeNumber } from '../numbers.ts'
import { print, printJson } from '../output.ts'
import { clearLive, sayLive } from '../terminal.ts'
import { type Options, saidBy, warn, withTowerOptions } from '../tower-options.ts'
import { withWorkbench } from '../with.ts'
import { openingLine, reportLines } from './print.ts'

type Task = EvaluationRequest['tasks'][number]

interface Given extends Options {
  model: string[]
  task: Task[]
  config?: string
  run?: RunId
  iteration?: number
  lambda?: number[]
  split: EvaluationRequest['split']
  reference: string[]
  positive: [string, number][]
  pretrained?: string
  out?: string
  overwrite?: boolean
  json?: boolean
}

export function evalCommand(): Command {
  return withTowerOptions(new Command('eval'))
    .description(
      'measure models on tasks: accuracies with intervals, what two models differ in, calibration, mistakes to look at',
    )
    .option('--model <files>', 'checkpoints, as in a.safetensors,b.pt', listed, [])
    .option('--run <run>', 'a state of this run, and its tasks where none are given', wholeNumber)
    .option('--iteration <k>', 'of the run, 0 being the start; the last accepted one if not given', wholeNumber)
    .option(
      '--lambda <values>',
      'of the run: the pre-trained model and so much of the way to its own, as in 0:1:0.1 or 0,0.5,1; accuracy and fairness of each',
      lambdasOf,
    )
    .option(
      '--task <name=images,head>',
      'as in mnist=tasks.safetensors#mnist.test,tasks.safetensors#head.mnist; may be given again',
      taskOf,
      [],
    )
    .option('--config <file>', 'the tasks of a configuration')
    .addOption(
      new Option('--split <split>', 'which data of the configuration; of --task, what they are')
        .choices(['test', 'validation', 'training'])
        .default('test'),
    )
    .option(
      '--reference <file>',
      'a fine-tuned checkpoint, TASK=checkpoint, or ft_accuracies.json; may be given again',
      collected,
      [],
    )
    .option(
      '--positive <task=class>',
      'the class whose gaps between groups are told; may be given again',
      positiveOf,
      [],
    )
    .option(
      '--pretrained <file>',
      'whose projection a model without one takes, and which decides how models of its shape are computed',
    )
    .option('--out <folder>', 'write report.html, report.json, report.csv and predictions.csv there')
    .option('--overwrite', 'replace them if they are there')
    .option('--json', 'as JSON')
    .action(({ json = false, ...given }: Given) =>
      withWorkbench(json, true, async ({ evaluations }) => {
        const request = await requestOf(given, evaluations)
        if (given.out !== undefined) await requireFolder(resolve(given.out), given.overwrite ?? false)
        if (request.split === 'test' && !json)
          for (const task of request.tasks) print(openingLine(task, evaluations.openings([task.data])))
        const found = await followed(evaluations, request, json)
        if (given.out !== undefined) await writeReport(resolve(given.out), evaluations, found, given.overwrite ?? false)
        if (json) return printJson(withoutPictures(found))
        warn(found.report.models.flatMap(({ warnings = [] }) => warnings))
        for (const line of reportLines(found.report)) print(line)
        print(
          given.out === undefined
            ? `Kept as evaluation ${found.evaluation}.`
            : `${join(given.out, 'report.html')} and its tables are written; kept as evaluation ${found.evaluation}.`,
        )
      }),
    )
}

async function requestOf(
  { split, model, run, iteration, lambda, reference, positive, out, overwrite = false, ...given }: Given,
  evaluations: Evaluations,
): Promise<EvaluationRequest> {
  const said = await tasksFrom({ split, model, run, reference, positive, ...given }, evaluations)
  const state = run === undefined ? null : evaluations.stateOf(run, iteration ?? null)
  if (lambda && (run === undefined || model.length > 0))
    throw wrong('--lambda', 'it is the way to the model of a run', 'name one run, and no other model')
  const models: EvaluationRequest['models'] = [
    ...model.map((file) => ({ name: basename(file), from: { file: resolve(file) } })),
    ...(state && lambda ? alongLambda(state, lambda) : []),
    ...(state && !lambda
      ? [
          {
            name: `run ${run}${state.iteration ? `, iteration ${state.iteration}` : ', start'}`,
            from: { recipe: state },
          },
        ]
      : []),
  ]
  if (models.length === 0) throw wrong('--model', 'no model is named', 'name a checkpoint, or a run with --run')
  const names = distinct(models.map(({ name }) => name))
  const tasks = await withReferences(said.tasks, reference, split)
  for (const [name] of positive)
    if (!tasks.some((task) => task.name === name))
      throw wrong('--positive', `there is no task ${name}`, 'name one of the tasks')
  return evaluationRequestSchema.parse({
    ...said,
    tasks: tasks.map((task) => ({ ...task, positive: positive.find(([name]) => name === task.name)?.[1] ?? null })),
    models: models.map((one, m) => ({ ...one, name: names[m] })),
    split,
    ...(lambda && { mistakes: 0 }), // of many models nobody looks at them
    ...(given.pretrained !== undefined && { pretrained: resolve(given.pretrained) }),
    ...saidBy(given), // else as the configuration says
    predictions: out === undefined ? null : { out: join(resolve(out), 'predictions.csv'), overwrite },
  })
}

async function tasksFrom(
  { task, config, run, split }: Given,
  evaluations: Evaluations,
): Promise<Partial<Tasks> & Pick<Tasks, 'tasks'>> {
  if (task.length > 0 && config !== undefined)
    throw wrong('--task', 'tasks and a configuration are given', 'give one of the two')
  if (task.length > 0) return { tasks: task }
  if (config !== undefined) return tasksOf(await resolveFile(config), split)
  if (run !== undefined) return evaluations.tasksOf(run, split)
  throw wrong('--task', 'no task is named', 'name tasks with --task, or a configuration that has them with --config')
}

async function withReferences(
  tasks: readonly Task[],
  given: readonly string[],
  split: Given['split'],
): Promise<Task[]> {
  const names = tasks.map(({ name }) => name)
  const found = new Map<string, Task['reference']>()
  for (const text of given) {
    const named = names.find((name) => text.startsWith(`${name}=`))
    const file = resolve(named === undefined ? text : text.slice(named.length + 1))
    if (/\.json$/i.test(file) && !/index\.json$/i.test(file)) {
      const imported = await importedReferences(file, names, split)
      if (imported.size === 0)
        throw wrong(
          '--reference',
          `${basename(file)} has no ${split} accuracy of ${names.join(', ')}`,
          'name a file that has, or none',
        )
      for (const [name, reference] of imported) found.set(name, reference)
    } else if (named !== undefined || tasks.length === 1) found.set(named ?? (names[0] as string), { file })
    else
      throw wrong(
        '--reference',
        'it does not say whose it is',
        'name the task, as in mnist=finetuned-mnist.safetensors',
      )
  }
  return tasks.map((task) => ({ ...task, reference: found.get(task.name) ?? task.reference }))
}

type Done = EvaluationDetail & { report: EvaluationReport }

async function followed(evaluations: Evaluations, request: EvaluationRequest, json: boolean): Promise<Done> {
  const evaluation = evaluations.start(request)
  for await (const event of evaluations.watch(evaluation)) {
    if (event.type === 'failed') throw new BasilError(event.error)
    if (event.type === 'progress' && !json) sayLive(`${event.what}: ${event.done} of ${event.total}`)
  }
  clearLive()
  return evaluations.show(evaluation) as Done
}

const files = ['report.html', 'report.json', 'report.csv', 'predictions.csv'] as const

/** Before any work. */
async function requireFolder(folder: string, overwrite: boolean): Promise<void> {
  try {
    makeFolder(folder)
  } catch (error) {
    throw new BasilError({
      code: 'target-unwritable',
      what: 'The folder cannot be made',
      where: folder,
      why: error instanceof Error ? error.message : String(error),
      next: 'choose another',
    })
  }
  for (const name of files) await requireFree(join(folder, name), { overwrite })
}

/** The predictions are there already: the engine wrote them. */
async function writeReport(folder: string, evaluations: Evaluations, found: Done, overwrite: boolean): Promise<void> {
  const write = (name: (typeof files)[number], text: string): Promise<void> =>
    writeAtomic(join(folder, name), [Buffer.from(text)], { overwrite })
  await write('report.json', `${JSON.stringify(withoutPictures(found), null, 2)}\n`)
  await write('report.csv', reportCsv(found.report))
  await write('report.html', evaluations.page(found.evaluation))
}

function withoutPictures({ report, ...found }: Done): object {
  const tasks = report.tasks.map((task) => ({
    ...task,
    results: task.results.map((result) => ({
      ...result,
      mistakes: result.mistakes.map(({ picture: _, ...mistake }) => mistake),
    })),
  }))
  return { ...found, report: { ...report, tasks } }
}

const listed = (text: string, before: string[]): string[] => [
  ...before,
  ...text.split(',').filter((file) => file !== ''),
]
const collected = (text: string, before: string[]): string[] => [...before, text]

function taskOf(text: string, before: Task[]): Task[] {
  const [, name, data, head] = /^([^=]{1,200})=(.+),([^,]+)$/s.exec(text) ?? []
  if (!name || !data || !head) throw new InvalidArgumentError('Give NAME=IMAGES,HEAD.')
  return [...before, { name, data: resolve(data), head: resolve(head), reference: null, positive: null }]
}

function lambdasOf(text: string): number[] {
  const found = valuesOf(`lambda=${text}`).values.map(Number)
  if (found.length < 2 || found.some(Number.isNaN)) throw new InvalidArgumentError('Give two numbers or more.')
  return found
}

function positiveOf(text: string, before: [string, number][]): [string, number][] {
  const [, name, label] = /^(.+)=(\d{1,6})$/s.exec(text) ?? []
  if (!name || !label) throw new InvalidArgumentError("Give TASK=CLASS, the class by its label's number.")
  return [...before, [name, Number(label)]]
}

function wrong(where: string, why: string, next: string): BasilError {
  return new BasilError({ code: 'config-invalid', what: 'It is not clear what to evaluate', where, why, next })
}
