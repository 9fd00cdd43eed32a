// basil bench: this machine's speed, beside that of others' programs where they are (bench/).
import { existsSync } from 'node:fs'
import { join } from 'node:path'

import { Command } from 'commander'

import packageJson from '../../package.json' with { type: 'json' }
import type { BenchOptions } from '../bench/bench.ts'
import { dataFolder } from '../files/data-folder.ts'
import { wholeNumber } from './numbers.ts'
import { fail } from './output.ts'
import { chosenEnvironment, root } from './with.ts'

export function benchCommand(): Command {
  return new Command('bench')
    .description('measure the engines on this machine, against PyTorch where a Python with torch is found')
    .option('--json', 'one JSON document')
    .option('--only <words>', 'cases whose names hold one of these, as in native-b32,merge', '')
    .option('--rounds <n>', 'paired rounds a case', wholeNumber, 5)
    .option('--merge', 'merges of whole models, against mergekit and torch')
    .option('--card', "this machine's card alone: the table of its bars, CUDA and WebGPU beside PyTorch, in 9 minutes")
    .option('--dry', 'with --card: the same at tiny sizes, on any machine')
    .option('--seconds <n>', 'with --card: the time it may take', wholeNumber, 540)
    .option('--no-peer', 'our side alone')
    .option('--python <path>', 'the Python that has torch')
    .option('--scratch <folder>', 'keep the random checkpoints (4 GB) there, and use them again')
    .option(
      '--records <folder>',
      "where each result is kept as JSON; out/bench in a checkout, else the data folder's bench",
    )
    .action(
      async ({
        json = false,
        card = false,
        merge = false,
        dry = false,
        seconds,
        only,
        rounds,
        peer,
        python = null,
        scratch = null,
        ...given
      }) => {
        try {
          const [{ bench }, { visitCard }, { benchMerges }] = await Promise.all([
            import('../bench/bench.ts'),
            import('../bench/card/visit.ts'),
            import('../bench/merging/bench.ts'),
          ])
          const checkout = existsSync(join(root, 'test', 'bench'))
          const records = given.records ?? (checkout ? join(root, 'out', 'bench') : join(dataFolder(), 'bench'))
          const options: BenchOptions = {
            json,
            only,
            rounds,
            peer,
            python,
            scratch,
            basil: packageJson.version,
            environment: chosenEnvironment(),
            checkout: root,
            records,
          }
          const isSound = card
            ? await visitCard({ ...options, dry, seconds })
            : await (merge ? benchMerges : bench)(options)
          process.exitCode = isSound ? 0 : 1
        } catch (error) {
          fail(error, json)
        }
      },
    )
}
