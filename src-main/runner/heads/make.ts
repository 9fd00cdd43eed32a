// A zero-shot head made by the text tower of a checkpoint and written as a tensor file, head.NAME (classes, embed), unit
// rows: what a configuration's "head" names. The target is looked at before the work, and the file read back after it. Its
// metadata says what it was made from: class names and templates in their order, and the model's hash.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

import type { HeadEvent, HeadRequest } from '../../contract/engine-api.ts'
import { BasilError } from '../../contract/errors.ts'
import { openTensorFile } from '../../engine/formats/index.ts'
import { writeSafetensors } from '../../engine/formats/safetensors-writer.ts'
import type { Ops } from '../../engine/ops.ts'
import { zeroShotHead } from '../../engine/text/heads.ts'
import { loadTextTower } from '../../engine/text/text-tower.ts'
import { createTokenizer } from '../../engine/text/tokenizer.ts'
import { hashFile, openSource } from '../../files/source.ts'
import { requireFree, writeAtomic } from '../../files/write-atomic.ts'

export async function* makeHead(request: HeadRequest, ops: Ops): AsyncGenerator<HeadEvent> {
  const { name, classes, templates, model, out, overwrite } = request
  await requireFree(out, { overwrite })
  const { weights, embed } = yield* compute(request, ops)
  const made = { name, classes, templates, model: (await hashFile(model)).sha256 }
  const tensor = { name: `head.${name}`, dtype: 'F32', shape: [classes.length, embed] } as const
  const metadata = { format: 'pt', role: 'head', 'basil.head': JSON.stringify(made) }
  const chunks: Uint8Array[] = []
  for await (const chunk of writeSafetensors([tensor], metadata, () => new Uint8Array(weights.buffer))) chunks.push(chunk)
  const content = Buffer.concat(chunks) // a few MB at most
  const sha256 = createHash('sha256').update(content).digest('hex')
  const verify = async (written: string): Promise<void> => {
    const found = await hashFile(written)
    if (found.sha256 !== sha256) throw notAsWritten(out, sha256, found.sha256)
  }
  await writeAtomic(out, [content], { overwrite, verify })
  yield { type: 'written', file: out, bytes: content.length, sha256, tensors: 1 }
}

async function* compute(request: HeadRequest, ops: Ops): AsyncGenerator<HeadEvent, { weights: Float32Array; embed: number }> {
  const tokenizer = createTokenizer(gunzipSync(readFileSync(request.merges)).toString('utf8'))
  const source = await openSource(request.model)
  try {
    const tower = await loadTextTower(ops, request.activation, await openTensorFile(source))
    try {
      const weights = yield* zeroShotHead(tower, tokenizer, request.classes, request.templates)
      return { weights, embed: tower.architecture.embed }
    } finally {
      tower.dispose()
    }
  } finally {
    await source.close()
  }
}

function notAsWritten(out: string, computed: string, found: string): BasilError {
  return new BasilError({
    code: 'verify-failed',
    what: 'The head does not read back as it was written',
    where: out,
    why: `its SHA-256 is ${found.slice(0, 12)} instead of ${computed.slice(0, 12)}`,
    next: 'check the disk, then make it again',
  })
}
