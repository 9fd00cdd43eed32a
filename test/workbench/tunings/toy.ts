// A workbench with the toy engine, and fine-tunings for it: of a model that is there, in a folder of the test's own.
import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { type ResolvedTuning, resolveTuning } from '../../../src-main/contract/tuning/config.ts'
import type { TuningDetail, TuningEvent } from '../../../src-main/contract/tuning/tuning.ts'
import type { Workbench } from '../../../src-main/workbench/workbench.ts'
import { temporaryFolder } from '../toy.ts'

const sample = join(import.meta.dirname, '../../../resources/sample')

/** A folder with a small CLIP image tower and images. */
export function modelFolder(): string {
  const folder = temporaryFolder()
  for (const name of ['pretrained.safetensors', 'open_clip_config.json', 'tasks.safetensors'])
    copyFileSync(join(sample, name), join(folder, name))
  return folder
}

export const task = (name: string, test = false) => ({
  ...{ name, data: 'tasks.safetensors#mnist.learning', head: 'tasks.safetensors#head.mnist' },
  ...(test && { test: 'tasks.safetensors#mnist.test' }),
})

export const toyTuning = (folder: string, change: Record<string, unknown> = {}): ResolvedTuning =>
  resolveTuning(written(change), (path) => join(folder, path))

const written = (change: Record<string, unknown> = {}) => ({
  ...{ kind: 'standard', pretrained: 'pretrained.safetensors', task: task('mnist') },
  ...{ steps: 8, batch: 4, checkpointEvery: 3, seed: 7 },
  ...change,
})

/** Writes the configuration's file. */
export function writeTuning(folder: string, change: Record<string, unknown> = {}): string {
  const file = join(folder, 'tune.json')
  writeFileSync(file, JSON.stringify(written(change)))
  return file
}

/** All events to the end. */
export async function followTuning(
  workbench: Workbench,
  tuning: number,
  seen: (event: TuningEvent) => void = () => undefined,
): Promise<TuningEvent[]> {
  const events: TuningEvent[] = []
  for await (const event of workbench.tunings.watch(tuning)) {
    events.push(event)
    seen(event)
  }
  return events
}

/** Everything that must not depend on how often it was interrupted: all but clocks, its number and its file's place. */
export function bitsOfTuning({ curve, ...detail }: TuningDetail): unknown {
  const { tuning: _, created: _created, ended: _ended, seconds: _seconds, model: _model, config, ...rest } = detail
  const { seconds: _s, dataWaitSeconds: _w, ...finished } = rest.finished ?? { seconds: 0, dataWaitSeconds: 0 }
  const { name: _name, ...settings } = config
  return { ...rest, name: '', finished, config: settings, curve: curve.map((step) => ({ ...step, seconds: 0 })) }
}
