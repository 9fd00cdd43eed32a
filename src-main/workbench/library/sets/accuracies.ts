// The accuracies that the field's programs leave beside a model's checkpoints: JSON of {DS: test accuracy, DSVal:
// validation accuracy}, as fractions. The files are strangers': they are small or not read, and what is wrong with one
// is told and harms nothing else.
import { join } from 'node:path'

import { z } from 'zod'

import type { CheckpointSet } from '../../../contract/api/library.ts'
import { BasilError, type ErrorRecord, recordOf } from '../../../contract/errors.ts'
import { parseJson } from '../../../contract/json.ts'
import { largestOf } from '../../../contract/largest.ts'
import { readStart } from '../../../files/open.ts'

const files = [
  { name: 'zeroshot_accuracies.json', model: 'pre-trained', linear: false },
  { name: 'ft_accuracies.json', model: 'fine-tuned', linear: false },
  { name: 'linear_zeroshot_accuracies.json', model: 'pre-trained', linear: true },
  { name: 'linear_ft_accuracies.json', model: 'fine-tuned', linear: true },
] as const
const largest = 2 ** 20 // bytes
const accuracies = z.record(z.string().max(200), z.unknown())

export type Beside = Pick<CheckpointSet, 'accuracies' | 'findings'>

/** Never throws. */
export async function accuraciesIn(folder: string): Promise<Beside> {
  const found: Beside = { accuracies: [], findings: [] }
  for (const { name, model, linear } of files) {
    const file = join(folder, name)
    try {
      const text = await textOf(file)
      if (text === null) continue
      for (const [key, accuracy] of fractions(text, file)) {
        const [, dataset = key, validation] = /^(.+?)(Val)?$/.exec(key) ?? []
        found.accuracies.push({ dataset, split: validation ? 'validation' : 'test', model, linear, accuracy })
      }
    } catch (error) {
      found.findings.push(recordOf(error))
    }
  }
  return found
}

/** null: there is no such file. */
async function textOf(file: string): Promise<string | null> {
  const start = await readStart(file, largest).catch((error: unknown) => {
    const { code, why } = recordOf(error)
    if (code === 'file-missing') return null
    throw odd(file, why)
  })
  if (start && !start.isWhole) throw odd(file, `it has more than ${largest} bytes, far more than a few numbers take`)
  return start?.bytes.toString('utf8') ?? null
}

/** [key, accuracy between 0 and 1]; percents are told by being larger than 1. */
function fractions(text: string, file: string): [string, number][] {
  let parsed: ReturnType<typeof accuracies.safeParse>
  try {
    parsed = accuracies.safeParse(parseJson(text))
  } catch (error) {
    throw odd(file, (error as SyntaxError).message)
  }
  if (!parsed.success) throw odd(file, 'it is not an object of numbers')
  const told = Object.entries(parsed.data).filter((entry): entry is [string, number] => typeof entry[1] === 'number')
  const most = largestOf(
    told.map(([, value]) => value),
    0,
  )
  if (told.some(([, value]) => !(value >= 0)) || most > 100) throw odd(file, 'it has numbers that are no accuracies')
  return told.map(([key, value]) => [key, most > 1 ? value / 100 : value])
}

function odd(file: string, why: string): BasilError {
  const next = 'correct or remove the file; the checkpoints beside it can be used without'
  return new BasilError({
    code: 'data-invalid',
    what: 'Accuracies beside checkpoints cannot be read',
    where: file,
    why,
    next,
  } satisfies ErrorRecord)
}
