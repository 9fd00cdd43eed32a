// Merges of whole models by two programs in turn, each a process from its start to its end: wall and processor time,
// the peak of the largest process, and at what share of the rate the same files can be read one behind the other.
// Slow figures are figures; only a merge that fails is a failure. With what else the machine had to do: its load.
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { join } from 'node:path'

import { print, printJson } from '../../cli/output.ts'
import { clearLive, sayLive } from '../../cli/terminal.ts'
import { isCheckpointName } from '../../contract/file-names.ts'
import { at, sum } from '../../numbers/vectors.ts'
import type { BenchOptions } from '../bench.ts'
import { median } from '../compare.ts'
import { machine, ofPeers } from '../machine.ts'
import { readAll } from '../merge-speed.ts'
import { scratchFiles } from '../scratch.ts'
import { type MergingCase, mergingCases } from './cases.ts'
import { languageModels } from './models.ts'
import { type Merging, type MergingResult, mergingLines, type Spent, spentSchema } from './report.ts'

/** True when every merge came to its end. */
export async function benchMerges(options: BenchOptions): Promise<boolean> {
  mkdirSync(options.records, { recursive: true })
  const folder = options.scratch ?? (await mkdtemp(join(options.records, 'scratch-')))
  const say = options.json ? () => undefined : sayLive
  const python = options.python ?? 'python3'
  const peer = options.peer ? peerOf(python) : 'the peers were not asked for'
  try {
    const result: Merging = {
      type: 'merging',
      basil: options.basil,
      date: new Date().toISOString(),
      machine: await machine(),
      peer: peer ?? `mergekit and torch of ${python}`,
      results: [],
    }
    for (const c of mergingCases(options.only)) {
      say(`${c.name}: making its models`)
      const models = await modelsOf(folder, c)
      say(`${c.name}: ${options.rounds} rounds`)
      result.results.push(await compared(c, models, folder, python, peer === null, options))
    }
    const record = join(options.records, `merging-${result.date.replaceAll(':', '-')}.json`)
    writeFileSync(record, `${JSON.stringify(result, null, 2)}\n`, { flag: 'wx' })
    clearLive()
    if (options.json) printJson(result)
    else print([...mergingLines(result), record].join('\n'))
    return result.results.every(({ problem }) => problem === '')
  } finally {
    if (!options.scratch) await rm(folder, { recursive: true })
  }
}

/** Why there is no peer; null where there is one. */
function peerOf(python: string): string | null {
  const { status } = spawnSync(python, ['-c', 'import torch, mergekit'], { timeout: 120_000 })
  return status === 0 ? null : `no mergekit in ${python}: pip install mergekit==0.1.5, and name its Python by --python`
}

async function modelsOf(folder: string, { models, vectors }: MergingCase): Promise<string[]> {
  if (models.kind === 'language') return languageModels(folder, models.model, models.size, vectors)
  const { pretrained, vectors: tuned } = await scratchFiles(folder, models.model, models.shape, vectors, 0)
  return [pretrained, ...tuned]
}

async function compared(
  c: MergingCase,
  models: readonly string[],
  folder: string,
  python: string,
  hasPeer: boolean,
  { rounds, checkout, environment }: BenchOptions,
): Promise<MergingResult> {
  const out = join(folder, 'merged')
  const script = join(checkout, 'test', 'bench', 'merge_peer.py')
  const files = (await Promise.all(models.map(filesOf))).flat()
  const bytes = sum(await Promise.all(files.map(async (file) => (await stat(file)).size)))
  const env = { ...ofPeers(environment), BASIL_HOME: join(folder, 'home'), OMP_WAIT_POLICY: 'PASSIVE' }
  const run = async (command: readonly string[]): Promise<Spent> => {
    await rm(out, { recursive: true, force: true })
    const { status, stdout, stderr } = spawnSync(python, [script, 'measure', ...command], { env, encoding: 'utf8' })
    if (status !== 0) throw new Error(stderr.trim().split('\n').at(-1))
    return spentSchema.parse(JSON.parse(stdout))
  }
  const [ours, peers, read]: [Spent[], Spent[], number[]] = [[], [], []]
  let problem = ''
  try {
    for (let round = 0; round < rounds; round++) {
      read.push(await readAll(files))
      ours.push(await run(ourCommand(c, models, checkout, out)))
      if (hasPeer) peers.push(await run(peerCommand(c, models, folder, python, script, out)))
    }
  } catch (error) {
    problem = error instanceof Error ? error.message : String(error)
  } finally {
    await rm(out, { recursive: true, force: true })
  }
  const paired = (of: (spent: Spent) => number): number =>
    median(peers.map((peer, i) => of(ours[i] as Spent) / of(peer)))
  const middle = (all: readonly Spent[]): Spent | null =>
    all.length === 0
      ? null
      : {
          wall: median(all.map(({ wall }) => wall)),
          cpu: median(all.map(({ cpu }) => cpu)),
          peak: Math.max(...all.map(({ peak }) => peak)),
        }
  return {
    name: c.name,
    peer: c.peer,
    rounds,
    bytes,
    ours: middle(ours),
    theirs: middle(peers),
    ratio: peers.length
      ? { wall: paired((s) => s.wall), cpu: paired((s) => s.cpu), peak: paired((s) => s.peak) }
      : null,
    ofDisk: ours.length ? median(ours.map(({ wall }, i) => at(read, i) / wall)) : null,
    load: loadavg()[0] ?? 0,
    problem,
  }
}

async function filesOf(model: string): Promise<string[]> {
  if ((await stat(model)).isFile()) return [model]
  return (await readdir(model)).filter((name) => isCheckpointName(name)).map((name) => join(model, name))
}

function ourCommand(c: MergingCase, [base = '', ...tuned]: readonly string[], checkout: string, out: string): string[] {
  return [
    ...[process.execPath, join(checkout, 'src-main', 'cli.ts'), 'merge', '--method', c.method, ...c.options],
    ...['--pretrained', base, '--vectors', ...tuned],
    ...['--out', c.models.kind === 'language' ? out : `${out}.safetensors`, '--overwrite'],
  ]
}

function peerCommand(
  { peer, there, method }: MergingCase,
  [base = '', ...tuned]: readonly string[],
  folder: string,
  python: string,
  script: string,
  out: string,
): string[] {
  if (peer === 'torch.linalg') return [python, script, 'spectral', method, `${out}.pt`, base, ...tuned]
  const config = join(folder, 'merge.yaml') // JSON is YAML
  const models = tuned.map((model) => ({ model, parameters: there.parameters }))
  writeFileSync(config, JSON.stringify({ merge_method: there.method, base_model: base, models }))
  const main = peer === 'mergekit-yaml' ? 'run_yaml' : 'merge_raw_pytorch'
  return [python, '-c', `from mergekit.scripts.${main} import main; main()`, config, out]
}
