// The tasks of a run: heads and labelled images of every split, held against the model and against each other first.
import type { ResolvedConfig } from '../contract/config.ts'
import { BasilError } from '../contract/errors.ts'
import type { Task } from './clip-problem.ts'
import { type LabelledImages, readImages } from './datasets/index.ts'
import { checkLabels, readHead } from './datasets/tensor-images.ts'
import type { OpenSource } from './formats/source.ts'
import type { Architecture } from './models/clip-names.ts'
import type { Split } from './problem.ts'

/** Test images are left out until `withTest`: they are opened once, at the end. */
export async function readTasks(config: ResolvedConfig, architecture: Architecture, open: OpenSource): Promise<Task[]> {
  const tasks: Task[] = []
  for (const t of config.tasks) {
    const head = await readHead(t.head, open)
    if (head.embed !== architecture.embed)
      throw new BasilError({ code: 'tensor-shape', what: `The head of "${t.name}" does not fit the model`, where: t.head, why: `it takes features of width ${head.embed}, the model gives ${architecture.embed}`, next: 'use the head made for this model' })
    const task: Task = { name: t.name, head, splits: {} }
    task.splits.training = await readSplit(t.data, task, architecture, open)
    if (t.validation) task.splits.validation = await readSplit(t.validation, task, architecture, open)
    tasks.push(task)
  }
  return tasks
}

/** The tasks with their test images. A task without test data has none there. */
export async function withTest(config: ResolvedConfig, tasks: readonly Task[], architecture: Architecture, open: OpenSource): Promise<Task[]> {
  const opened: Task[] = []
  for (const [i, task] of tasks.entries()) {
    const path = config.tasks[i]?.test
    const splits: Partial<Record<Split, LabelledImages>> = path ? { ...task.splits, test: await readSplit(path, task, architecture, open) } : task.splits
    opened.push({ ...task, splits })
  }
  return opened
}

async function readSplit(path: string, task: Task, { imageSize }: Architecture, open: OpenSource): Promise<LabelledImages> {
  const images = await readImages(path, open)
  if (images.size !== imageSize)
    throw new BasilError({ code: 'data-invalid', what: 'The images do not fit the model', where: images.where, why: `they are ${images.size} pixels wide, the model takes ${imageSize}`, next: 'prepare the images at the model\'s size' })
  checkLabels(images, task.head)
  return images
}
