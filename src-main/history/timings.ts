// What finished runs took, for estimates of those to come: the newest with a model of so many parameters, each with its
// configuration, its images and how long it took before its first state was known.
import { z } from 'zod'

import type { RunId } from '../contract/branded.ts'
import { type ResolvedConfig, resolvedSchema } from '../contract/run/config.ts'
import { type Images, imagesSchema } from '../contract/run/work.ts'
import { sound } from './checksums.ts'
import { type History, rows, soundOnly } from './statement.ts'

const newest = 40

export interface TimedRun {
  run: RunId
  engine: string // its name
  config: ResolvedConfig
  images: readonly Images[]
  seconds: number
  opening: number // of these, before the first state was known
}

type TimedRow = Record<'config' | 'engine' | 'images', string> & Pick<TimedRun, 'run' | 'seconds' | 'opening'>

export function timedRuns(history: History, parameters: number): TimedRun[] {
  const text = `SELECT run, config, engine, images, seconds,
     coalesce((SELECT min(seconds) FROM epochs WHERE epochs.run = runs.run), 0) AS opening
     FROM runs WHERE state = 'done' AND parameters = :parameters AND engine IS NOT NULL AND images IS NOT NULL
     AND ${sound(history, 'runs')} ORDER BY run DESC LIMIT :newest`
  const found = soundOnly(history, () => rows<TimedRow>(history, text, { parameters, newest }))
  return found.flatMap(({ config, engine, images, ...row }) => {
    const told = resolvedSchema.safeParse(JSON.parse(config))
    const counts = imagesSchema.array().safeParse(JSON.parse(images))
    const known = z.object({ name: z.string() }).safeParse(JSON.parse(engine))
    return told.success && counts.success && known.success
      ? [{ ...row, engine: known.data.name, config: told.data, images: counts.data }]
      : []
  })
}
