// The tasks of a run: heads and labelled images of every split, held against the model and against each other first.

import type { SplitManifest } from '../../contract/data/manifest.ts'
import { BasilError } from '../../contract/errors.ts'
import type { ResolvedConfig } from '../../contract/run/config.ts'
import type { EngineEvent } from '../../contract/run/run.ts'
import { checkLabels, isLabelled, type LabelledImages, withoutLabels } from '../datasets/images.ts'
import { type Identified, sharedImages } from '../datasets/manifest.ts'
import { type DataHost, describeSomeImages, openImages } from '../datasets/open-images.ts'
import { strongViews } from '../datasets/strong-views.ts'
import type { OpenSource } from '../formats/source.ts'
import { describeHead, readHead } from '../heads/head-file.ts'
import type { Architecture } from '../layouts/clip-names.ts'
import { objectiveNamed } from '../learning/objective.ts'
import type { Split } from '../learning/problem.ts'
import type { Task } from '../problems/clip-problem.ts'
import type { RunHost } from './context.ts'

/** What is known of a task before its data is read; a split that the run does not have counts 0 images. */
export interface TaskHeader {
  task: string
  classes: number
  training: number
  validation: number
  test: number
  bytes: number // of its images in memory
  diskBytes: number // of its images in the cache, at most
}

/** By headers alone, test data included; throws what reading would throw for shapes, so that no error comes late. */
export async function describeTasks(
  config: ResolvedConfig,
  architecture: Architecture,
  host: DataHost,
): Promise<TaskHeader[]> {
  const headers: TaskHeader[] = []
  for (const t of config.tasks) {
    const head = await describeHead(t.head, host.open)
    checkHead(t, head, architecture)
    const found: TaskHeader = {
      task: t.name,
      classes: head.classes,
      training: 0,
      validation: 0,
      test: 0,
      bytes: 0,
      diskBytes: 0,
    }
    for (const [split, path] of [
      ['training', t.data] as const,
      ['validation', t.validation] as const,
      ['test', t.test] as const,
    ]) {
      if (!path) continue
      const images = await describeSomeImages(path, architecture.imageSize, host)
      checkSize(images, architecture)
      found[split] = images.count
      found.bytes += images.bytes
      found.diskBytes += images.diskBytes
    }
    headers.push(found)
  }
  return headers
}

type Opening = Pick<RunHost, 'open' | 'images' | 'signal'>

/** Test images are left out until `openTest`: they are opened once, at the end. The tasks are the caller's to close. */
export async function* openTasks(
  config: ResolvedConfig,
  architecture: Architecture,
  host: Opening,
): AsyncGenerator<EngineEvent, Task[]> {
  const tasks: Task[] = []
  let isOpen = false
  try {
    for (const [i, t] of config.tasks.entries()) {
      const head = await readHead(t.head, host.open)
      checkHead(t, head, architecture)
      const task: Task = { name: t.name, head, ...(t.aim === 'forget' && { sign: -1 }), splits: {} }
      tasks.push(task)
      task.splits.training = yield* openOne(config, i, 'training', t.data, task, architecture, host)
      if (t.validation)
        task.splits.validation = yield* openOne(config, i, 'validation', t.validation, task, architecture, host)
    }
    isOpen = true
    return tasks
  } finally {
    if (!isOpen) await closeTasks(tasks) // an error, or nobody listens any more
  }
}

/** As openTasks, of tensor files alone, and without a word. */
export async function readTasks(config: ResolvedConfig, architecture: Architecture, open: OpenSource): Promise<Task[]> {
  const opening = openTasks(config, architecture, { open, signal: new AbortController().signal })
  for (;;) {
    const step = await opening.next()
    if (step.done) return step.value
  }
}

/** The tasks with their test images, and nothing else. A task without test data has none. */
export async function* openTest(
  config: ResolvedConfig,
  tasks: readonly Task[],
  architecture: Architecture,
  host: Opening,
): AsyncGenerator<EngineEvent, Task[]> {
  const opened: Task[] = []
  let isOpen = false
  try {
    for (const [i, { splits: before, ...task }] of tasks.entries()) {
      const path = config.tasks[i]?.test
      const tested: Task = { ...task, splits: {} }
      opened.push(tested)
      if (!path) continue
      yield { type: 'opening', task: task.name, images: path }
      tested.splits.test = yield* openOne(config, i, 'test', path, tested, architecture, host, before)
    }
    isOpen = true
    return opened
  } finally {
    if (!isOpen) await closeTasks(opened)
  }
}

export async function closeTasks(tasks: readonly Task[]): Promise<void> {
  for (const { splits } of tasks) for (const images of Object.values(splits)) await images.close()
}

/** Tells which images they are, and which of them were opened before. */
async function* openOne(
  config: ResolvedConfig,
  index: number,
  split: Split,
  path: string,
  task: Task,
  architecture: Architecture,
  host: Opening,
  before: Task['splits'] = task.splits,
): AsyncGenerator<EngineEvent, LabelledImages> {
  const augment = config.augment && split === 'training' ? { seed: config.seed, task: index } : null
  const wanted = { size: architecture.imageSize, augment, onUnreadable: config.onUnreadable, signal: host.signal }
  const { images, facts } = yield* openImages(path, wanted, host)
  try {
    checkSize(images, architecture)
    checkLabels(images, task.head)
  } catch (error) {
    await images.close()
    throw error
  }
  const seen = split === 'training' ? forLearning(config, index, images) : images
  const shared = sharedWith(images, before)
  yield {
    type: 'data',
    data: { task: task.name, split, ...facts, perClass: isLabelled(seen) ? facts.perClass : [], shared },
  }
  return seen
}

/** With splits that were opened before. */
export function sharedWith(
  images: Identified,
  before: Partial<Record<Split, LabelledImages | null>>,
): NonNullable<SplitManifest['shared']> {
  return Object.entries(before).flatMap(([name, there]) => {
    const same = there && isIdentified(there) ? sharedImages(images, there) : 0
    return there && same > 0
      ? [{ split: name as Split, images: same, ...(!isLabelled(there) && { unlabelled: true as const }) }]
      : []
  })
}

const isIdentified = (images: LabelledImages): images is LabelledImages & Identified => 'sha256' in images

/** As the objective learns on them. Test data gives its images and not its labels: they stay locked until the end. */
function forLearning({ objective, tasks, seed }: ResolvedConfig, task: number, images: LabelledImages): LabelledImages {
  const { unlabelled, strongViews: areStrong } = objectiveNamed(objective)
  const isTest = tasks[task]?.data === tasks[task]?.test
  const seen = unlabelled && isTest ? withoutLabels(images) : images
  return areStrong ? strongViews(seen, { seed, task }) : seen
}

export function checkHead(
  task: { name: string; head: string },
  head: { embed: number },
  architecture: Architecture,
): void {
  if (head.embed === architecture.embed) return
  throw new BasilError({
    code: 'tensor-shape',
    what: `The head of "${task.name}" does not fit the model`,
    where: task.head,
    why: `it takes features of width ${head.embed}, the model gives ${architecture.embed}`,
    next: 'use the head made for this model',
  })
}

export function checkSize(images: { where: string; size: number | null }, { imageSize }: Architecture): void {
  if (images.size === null || images.size === imageSize) return
  throw new BasilError({
    code: 'data-invalid',
    what: 'The images do not fit the model',
    where: images.where,
    why: `they are ${images.size} pixels wide, the model takes ${imageSize}`,
    next: "prepare the images at the model's size",
  })
}
