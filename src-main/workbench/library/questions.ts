// What a person asks of checkpoints in the library, answered by the process that reads them.
import { basename } from 'node:path'

import type {
  Compatibility,
  Difference,
  Form,
  Statistics,
  TensorPart,
  TensorValues,
} from '../../contract/checkpoint.ts'
import type { Told } from '../../contract/engine-api.ts'
import { extensionOf } from '../../contract/file-names.ts'
import type { MergeReport, SpectraChoice } from '../../contract/merges/report.ts'
import type { Verified } from '../../contract/merges/verify.ts'
import type { Exported } from '../../contract/run/recipe.ts'
import { measuredValues } from '../../files/measured-values.ts'
import { contentOf, entryOf } from '../../history/library/entries.ts'
import type { History } from '../../history/statement.ts'
import { inExports } from '../export/exports.ts'
import type { Reader } from '../reading/reader.ts'
import { parentsHere } from './reopen.ts'
import { storedRow } from './rows.ts'

export interface Questions {
  /** Those that are kept, else measured and kept. */
  statistics(id: number): AsyncGenerator<Told<Statistics>, void>
  /** Bytes of what is kept of it; null: it was not measured yet. */
  measured(id: number): number | null
  tensor(id: number, part: TensorPart): AsyncGenerator<Told<TensorValues>, void>
  compare(a: number, b: number): AsyncGenerator<Told<Difference>, void>
  compatible(pretrained: number, others: number[]): AsyncGenerator<Told<Compatibility>, void>
  /** pretrained null: of a merge that needs none. */
  mergeReport(
    pretrained: number | null,
    others: number[],
    spectra: SpectraChoice,
  ): AsyncGenerator<Told<MergeReport>, void>
  /** Whether the file is, byte for byte, what the recipe in it gives of its parents, wherever those are now. */
  verify(id: number): AsyncGenerator<Told<Verified>, void>
  suggestName(id: number, form: Form): string
  /** target null: a new file in the data folder's exports. */
  convert(id: number, form: Form, target: { out: string; overwrite: boolean } | null): Promise<Exported>
}

/** home: the data folder. */
export function questionsTo(reader: Pick<Reader, 'told'>, history: History, home: string): Questions {
  const kept = measuredValues(home)
  const pathOf = (id: number): string => storedRow(history, id).path

  /** open_clip-ViT-B-32.pt in Hugging Face's layout: open_clip-ViT-B-32-huggingface.safetensors */
  function suggestName(id: number, { container, layout, dtype }: Form): string {
    const stem = basename(pathOf(id)).replace(/(\.index)?\.[a-z]+$/i, '')
    const words = [stem, layout, dtype].filter((word) => word !== null).map((word) => word.replaceAll(' ', '-'))
    return `${words.join('-')}.${extensionOf(container)}`
  }

  async function write(file: string, form: Form, out: string, overwrite: boolean): Promise<Exported> {
    let written: Exported | undefined
    for await (const event of reader.told(file, (client) => client.convert({ file, out, overwrite, form })))
      if (event.type === 'result') written = event.result
    if (written) return written
    throw new Error('the engine ended without saying what it wrote')
  }

  return {
    statistics: async function* (id) {
      const { path: file, sha256 } = storedRow(history, id)
      const known = sha256 === null ? undefined : await kept.find(sha256)
      if (known) return yield { type: 'result', result: known }
      for await (const event of reader.told<Statistics>(file, (client) => client.statistics({ file }))) {
        const now = entryOf(history, id)?.sha256 ?? null // it may have been hashed meanwhile, or have changed
        if (event.type === 'result' && now !== null && (sha256 ?? now) === now) await kept.keep(now, event.result)
        yield event
      }
    },
    measured: (id) => {
      const { sha256 } = storedRow(history, id)
      return sha256 === null ? null : kept.size(sha256)
    },
    tensor: (id, part) => {
      const file = pathOf(id)
      return reader.told(file, (client) => client.tensor({ file, ...part }))
    },
    compare: (a, b) => {
      const files = { a: pathOf(a), b: pathOf(b) }
      return reader.told(`${files.a}, ${files.b}`, (client) => client.compare(files))
    },
    compatible: (id, ids) => {
      const pretrained = pathOf(id)
      const others = ids.map(pathOf)
      return reader.told(pretrained, (client) => client.compatible({ pretrained, others }))
    },
    mergeReport: (id, ids, spectra) => {
      const pretrained = id === null ? null : pathOf(id)
      const vectors = ids.map(pathOf)
      return reader.told(pretrained ?? vectors.join(', '), (client) =>
        client.mergeReport({ pretrained, vectors, spectra }),
      )
    },
    verify: (id) => {
      const file = pathOf(id)
      const parents = parentsHere(history, contentOf(history, id).metadata['basil.recipe'], home)
      return reader.told(file, async (client) => ended(await client.verify({ file, parents })))
    },
    suggestName,
    convert: async (id, form, target) => {
      const path = pathOf(id)
      if (target) return write(path, form, target.out, target.overwrite)
      return inExports(home, suggestName(id, form), (out) => write(path, form, out, false))
    },
  }
}

/** Of work that tells nothing while it goes on. */
async function* ended<T>(result: T): AsyncGenerator<Told<T>, void> {
  yield { type: 'result', result }
}
