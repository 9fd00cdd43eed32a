// A configuration that can lie anywhere: its paths from the root, as the folder it was opened in says them. Pure.
import type { RunConfig } from '../../../src-main/contract/run/config.ts'
import { absolute } from '../run/config-of-run.ts'

type Task = RunConfig['tasks'][number]
const files = ['data', 'head', 'validation', 'test', 'finetuned'] as const

export function portable(config: RunConfig, folder: string): RunConfig {
  const whole = (path: string) => absolute(path, folder)
  const task = (of: Task): Task => {
    const named = files.flatMap((file) => (of[file] ? [[file, whole(of[file])]] : []))
    return { ...of, ...Object.fromEntries(named) }
  }
  return {
    ...config,
    pretrained: whole(config.pretrained),
    ...(config.vectors && { vectors: config.vectors.map(whole) }),
    tasks: config.tasks.map(task),
    ...(config.start && {
      start: { ...config.start, ...(config.start.checkpoint && { checkpoint: whole(config.start.checkpoint) }) },
    }),
  }
}

/** A name for its file. */
export function fileNameOf(name: string): string {
  const plain = name.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^-+|-+$/g, '')
  return `${plain.slice(0, 80) || 'basil'}.json`
}
