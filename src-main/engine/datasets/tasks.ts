// The tasks of a run: heads and labelled images of every split, held against the model and against each other first.
import type { ResolvedConfig } from '../../contract/config.ts'
import { BasilError } from '../../contract/errors.ts'
import type { OpenSource } from '../formats/source.ts'
import type { Architecture } from '../models/clip-names.ts'
import type { Task } from '../models/clip-problem.ts'
import type { Split } from '../problem.ts'
import { describeImages, type LabelledImages, readImages } from './index.ts'
import { checkLabels, describeHead, readHead } from './tensor-images.ts'

/** What is known of a task before its data is read; a split that the run does not have counts 0 images. */
export interface TaskHeader {
  task: string
  classes: number
  training: number
  validation: number
  test: number
  bytes: number // of its images in memory
}

/** By headers alone, test data included; throws what reading would throw for shapes, so that no error comes late. */
export async function describeTasks(config: ResolvedConfig, architecture: Architecture, open: OpenSource): Promise<TaskHeader[]> {
  const headers: TaskHeader[] = []
  for (const t of config.tasks) {
    const head = await describeHead(t.head, open)
    checkHead(t, head, architecture)
    const found: TaskHeader = { task: t.name, classes: head.classes, training: 0, validation: 0, test: 0, bytes: 0 }
    for (const [split, path] of [['training', t.data] as const, ['validation', t.validation] as const, ['test', t.test] as const]) {
      if (!path) continue
      const images = await describeImages(path, open)
      checkSize(images, architecture)
      found[split] = images.count
      found.bytes += images.bytes
    }
    headers.push(found)
  }
  return headers
}

/** Test images are left out until `withTest`: they are opened once, at the end. */
export async function readTasks(config: ResolvedConfig, architecture: Architecture, open: OpenSource): Promise<Task[]> {
  const tasks: Task[] = []
  for (const t of config.tasks) {
    const head = await readHead(t.head, open)
    checkHead(t, head, architecture)
    const task: Task = { name: t.name, head, splits: {} }
    task.splits.training = await readSplit(t.data, task, architecture, open)
    if (t.validation) task.splits.validation = await readSplit(t.validation, task, architecture, open)
    tasks.push(task)
  }
  return tasks
}

/** The tasks with their test images. A task without test data has none there. */
export async function withTest(
  config: ResolvedConfig,
  tasks: readonly Task[],
  architecture: Architecture,
  open: OpenSource,
): Promise<Task[]> {
  const opened: Task[] = []
  for (const [i, task] of tasks.entries()) {
    const path = config.tasks[i]?.test
    const splits: Partial<Record<Split, LabelledImages>> = path
      ? { ...task.splits, test: await readSplit(path, task, architecture, open) }
      : task.splits
    opened.push({ ...task, splits })
  }
  return opened
}

async function readSplit(path: string, task: Task, architecture: Architecture, open: OpenSource): Promise<LabelledImages> {
  const images = await readImages(path, open)
  checkSize(images, architecture)
  checkLabels(images, task.head)
  return images
}

function checkHead(task: { name: string; head: string }, head: { embed: number }, architecture: Architecture): void {
  if (head.embed === architecture.embed) return
  throw new BasilError({
    code: 'tensor-shape',
    what: `The head of "${task.name}" does not fit the model`,
    where: task.head,
    why: `it takes features of width ${head.embed}, the model gives ${architecture.embed}`,
    next: 'use the head made for this model',
  })
}

function checkSize(images: { where: string; size: number }, { imageSize }: Architecture): void {
  if (images.size === imageSize) return
  throw new BasilError({
    code: 'data-invalid',
    what: 'The images do not fit the model',
    where: images.where,
    why: `they are ${images.size} pixels wide, the model takes ${imageSize}`,
    next: "prepare the images at the model's size",
  })
}
