// basil diff: two checkpoints tensor by tensor. basil compatible: a set of them before they are combined.
import { resolve } from 'node:path'

import { Command } from 'commander'

import type { Compatibility, Difference, Finding, TensorDifference } from '../contract/checkpoint.ts'
import { print, printJson } from './output.ts'
import { resultOf } from './terminal.ts'
import { withEngine } from './with.ts'

const shownTensors = 20

export function diffCommand(): Command {
  return new Command('diff')
    .argument('<a>', 'a checkpoint of any format and layout')
    .argument('<b>', 'another, of any other')
    .description('two checkpoints tensor by tensor: norms, distance, cosine, largest difference')
    .option('--json', 'every tensor, as JSON')
    .action((a: string, b: string, { json = false }) =>
      withEngine(json, async (supervisor) => {
        const difference = await supervisor.ask(async (client) =>
          resultOf(await client.compare({ a: resolve(a), b: resolve(b) }), json),
        )
        if (json) printJson(difference)
        else for (const line of differenceLines(difference)) print(line)
      }),
    )
}

export function compatibleCommand(): Command {
  return new Command('compatible')
    .argument('<pretrained>', 'the pre-trained model')
    .argument('<files...>', 'models fine-tuned from it')
    .description('whether checkpoints can be combined, and what should be known before; exit code 3 if not')
    .option('--json', 'as JSON')
    .action((pretrained: string, files: string[], { json = false }) =>
      withEngine(json, async (supervisor) => {
        const request = { pretrained: resolve(pretrained), others: files.map((file) => resolve(file)) }
        const found = await supervisor.ask(async (client) => resultOf(await client.compatible(request), json))
        if (json) printJson(found)
        else for (const line of compatibilityLines(found)) print(line)
        if (found.findings.some(({ level }) => level === 'error')) process.exitCode = 3
      }),
    )
}

/** |b - a| over |a|: what is large in a large tensor is no more than what is small in a small one. */
const relative = ({ distance, normA }: TensorDifference): number =>
  distance === null ? -1 : distance / (normA || Number.MIN_VALUE)

function differenceLines({ tensors }: Difference): string[] {
  const common = tensors.filter(({ distance }) => distance !== null)
  const apart = tensors.filter(({ distance }) => distance === null)
  const changed = common.filter(({ distance }) => distance !== 0).sort((x, y) => relative(y) - relative(x))
  const rows = changed.slice(0, shownTensors)
  const width = Math.max(6, ...rows.map(({ name }) => name.length))
  const norm = (of: (t: TensorDifference) => number | null): number =>
    Math.sqrt(common.reduce((sum, t) => sum + (of(t) ?? 0) ** 2, 0))
  const [a, distance] = [norm((t) => t.normA), norm((t) => t.distance)]
  const notFinite = tensors.reduce((sum, t) => sum + t.nonFinite, 0)
  return [
    ...(rows.length ? [row(width, 'tensor', ['|b-a|/|a|', '|a|', '|b|', '|b-a|', 'cosine', 'largest'])] : []),
    ...rows.map((t) =>
      row(width, t.name, [relative(t), t.normA, t.normB, t.distance, t.cosine, t.largest].map(number)),
    ),
    ...(changed.length > rows.length
      ? [`and ${changed.length - rows.length} tensors that differ less; --json has them all`]
      : []),
    `${common.length} tensors in both: ${changed.length} differ, ${common.length - changed.length} are equal; |b-a| ${number(distance)}, |a| ${number(a)}`,
    ...apart.map(({ name, normA, normB }) => {
      if (normA === null && normB === null) return `${name}: of a type that Basil does not compute with, and not equal`
      return `${name}: ${normA === null ? 'only in b' : normB === null ? 'only in a' : 'of another shape'}`
    }),
    ...(notFinite ? [`${notFinite} places were left out: one of the two is NaN or infinite there`] : []),
  ]
}

function compatibilityLines({ findings, vectors, cosines }: Compatibility): string[] {
  const width = Math.max(0, ...vectors.map(({ file }) => file.length))
  return [
    ...vectors.map(
      ({ file, norm, relative }, i) =>
        `${file.padEnd(width)}  |tau| ${number(norm)}, ${number(relative)} of the pre-trained model's; cosines ${(cosines[i] ?? []).map((c) => c.toFixed(3)).join(' ')}`,
    ),
    ...findings.map(findingLine),
    findings.some(({ level }) => level === 'error') ? 'They cannot be combined.' : 'They can be combined.',
  ]
}

export const findingLine = ({ level, file, what, why, next }: Finding): string =>
  `${level}: ${file}: ${what}: ${why}. Next: ${next}.`

function row(width: number, name: string, cells: string[]): string {
  return `${name.padEnd(width)}  ${cells.map((cell) => cell.padStart(10)).join('  ')}`
}

const number = (value: number | null): string => (value === null ? '-' : value.toPrecision(4))
