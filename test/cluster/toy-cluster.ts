// A cluster for tests: a thin program in the place of the packed one, which runs this tree's sources with the toy
// engine; files of a study; and a workbench that looks at it several times a second.
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { StudyDetail } from '../../src-main/contract/api/studies.ts'
import { type RunId, type Sha256, sha256 } from '../../src-main/contract/branded.ts'
import { type Cluster, clusterSchema } from '../../src-main/contract/clusters/cluster.ts'
import type { RunConfig } from '../../src-main/contract/run/config.ts'
import { resolveConfig } from '../../src-main/contract/run/resolve.ts'
import { opening } from '../../src-main/workbench/clusters/open.ts'
import { createWaiting } from '../../src-main/workbench/clusters/pace.ts'
import type { Place } from '../../src-main/workbench/clusters/place.ts'
import type { Program } from '../../src-main/workbench/clusters/program.ts'
import type { Workbench, WorkbenchOptions } from '../../src-main/workbench/workbench.ts'
import { started } from '../bundles.ts'
import { bitsOf, toyWorkbench } from '../workbench/toy.ts'
import type { Toy } from '../workbench/toy-faults.ts'
import { toyEntry, toyFile } from '../workbench/toy-run.ts'

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** lines: of shell before it, where a test wants its task to have a way of its own. */
export function thinProgram(toy: Toy = {}, lines: readonly string[] = []): Program {
  const text = [
    '#!/bin/sh',
    `export BASIL_ENGINE=${quoted(toyEntry)} TOY=${quoted(JSON.stringify(toy))}`,
    'export BASIL_HOME="$(dirname "$0")/home"',
    ...lines,
    `exec ${quoted(process.execPath)} ${quoted(started('src-main/remote.ts'))} "$@"`,
    '',
  ].join('\n')
  const from = Buffer.from(text)
  const hash: Sha256 = sha256(createHash('sha256').update(from).digest('hex'))
  return {
    sha256: hash,
    bytes: from.length,
    engine: 'toy',
    files: [{ name: 'basil-remote', from, mode: 0o755, bytes: from.length }],
  }
}

/** The files of toyFile, each with other bytes. Gives the way to make its paths absolute. */
export function modelsIn(folder: string): (path: string) => string {
  mkdirSync(folder, { recursive: true })
  for (const name of ['base.safetensors', 'cars.safetensors', 'dtd.safetensors', 'cars.data', 'dtd.data'])
    writeFileSync(join(folder, name), `the content of ${name}`)
  return (path) => join(folder, path)
}

export const toyStudy = (seeds: number[], change: Partial<RunConfig> = {}) => ({
  name: 'toys there',
  config: { ...toyFile, ...change },
  arms: [{ label: 'two' }, { label: 'one', change: { iterations: 1 } }],
  seeds,
})

interface Options {
  home: string
  folder: string // of the cluster
  change?: Partial<Cluster>
  program?: Program
  place?: (host: string | null) => Place
  engine?: WorkbenchOptions['engine']
  pause?: number // milliseconds between two looks
}

/** With a cluster called "toys". */
export async function toyClusters({
  home,
  folder,
  change,
  program = thinProgram(),
  place,
  engine,
  pause = 200,
}: Options): Promise<Workbench> {
  mkdirSync(folder, { recursive: true })
  const open = opening(home, async () => program, place)
  const workbench = await toyWorkbench(home, engine, true, undefined, { open, waiting: createWaiting(pause) })
  await workbench.clusters.put(clusterSchema.parse({ name: 'toys', kind: 'folder', folder, atOnce: 2, ...change }))
  return workbench
}

/** A run's bits; the toy engine's hashes are of paths, which are others there. */
export const bitsOfEither = (workbench: Workbench, run: RunId | null): string =>
  JSON.stringify(run && bitsOf(workbench, run)).replaceAll(/sha of [^"]*\/(store\/[0-9a-f]{64}\/)?/g, 'sha of ')

export const absoluteIn =
  (path: (name: string) => string) =>
  (config: unknown): ReturnType<typeof resolveConfig> =>
    resolveConfig(config, path)

export async function untilOver({ studies }: Workbench, study: number): Promise<StudyDetail> {
  for await (const _ of studies.follow(study));
  return studies.show(study)
}
