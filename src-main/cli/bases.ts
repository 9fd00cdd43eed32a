// basil bases: what M vectors leave of T task vectors, and take; with --out the bases themselves, as models to merge.
import { resolve } from 'node:path'

import { Command, Option } from 'commander'

import { type BasesReport, basesRequestSchema } from '../contract/bases.ts'
import { bases as card } from '../contract/merges/spectral/bases.ts'
import { modelAt } from '../files/model-in-folder.ts'
import { count, wholeNumber } from './numbers.ts'
import { print, printJson } from './output.ts'
import { resultOf } from './terminal.ts'
import { withEngine } from './with.ts'

export function basesCommand(): Command {
  return new Command('bases')
    .description('put T task vectors together of M < T bases: spectrum, errors, the bound of the paper, storage')
    .requiredOption('--pretrained <model>', 'the model they were fine-tuned from, a file or a folder')
    .requiredOption('--vectors <models...>', 'fine-tuned models')
    .requiredOption('--bases <m>', 'how many', count)
    .addOption(new Option('--by <kind>', 'how they are found').choices(card.parameters.shape.by.unwrap().options))
    .option('--steps <n>', 'of Adam, of the autoencoder', count)
    .option('--seed <n>', 'of what is random', wholeNumber)
    .option('--out <folder>', 'write each basis as a model, pre-trained + basis, which merges as a vector does')
    .option('--json', 'as JSON')
    .action(({ json = false, pretrained, vectors, bases, by, steps, seed, out = null }) =>
      withEngine(json, async (supervisor) => {
        const files = await Promise.all([pretrained, ...vectors].map((path: string) => modelAt(path)))
        const [base, ...others] = files.map(({ file }) => file)
        const request = basesRequestSchema.parse({
          pretrained: base,
          vectors: others,
          parameters: { bases, by, steps, seed },
          out: out === null ? null : resolve(out),
        })
        const report = await supervisor.ask(async (client) => resultOf(await client.bases(request), json))
        if (json) printJson(report)
        else for (const line of basesLines(report)) print(line)
      }),
    )
}

function basesLines({ bases, vectors, spectrum, error, paper, bytes }: BasesReport): string[] {
  const width = Math.max(6, ...vectors.map(({ name }) => name.length))
  const total = spectrum.reduce((a, b) => a + b, 0)
  return [
    `spectrum of the Gram matrix, in % of its sum: ${spectrum.map((v) => (total > 0 ? ((100 * v) / total).toFixed(2) : '0')).join(' ')}`,
    `${'vector'.padEnd(width)}       |tau|  relative error  coefficients of the bases`,
    ...vectors.map(
      ({ name, norm, error: own, coefficients }) =>
        `${name.padEnd(width)}  ${norm.toPrecision(4).padStart(10)}  ${own.toPrecision(4).padStart(14)}  ${coefficients.map((c) => c.toPrecision(4)).join(' ')}`,
    ),
    `${bases.length} bases of ${vectors.length} vectors leave ${(100 * error).toPrecision(4)} % of |tau|^2; tr(E'KE)/T^2 ${paper.error.toPrecision(4)}, of which no ${bases.length} vectors leave less than ${paper.bound.toPrecision(4)}`,
    `storage: ${megabytes(bytes.bases)} of bases and ${bytes.coefficients} bytes of coefficients, ${megabytes(bytes.vectors)} of vectors (float32)`,
    ...bases.flatMap(({ name, file }) => (file === null ? [] : [`${file}: ${name}`])),
  ]
}

const megabytes = (count: number): string => `${(count / 1e6).toFixed(1)} MB`
