// A zero-shot head made by the text tower of a checkpoint and written as a tensor file, head.NAME (classes, embed),
// unit rows: what a configuration's "head" names. The target is looked at before the work, and the file read back after
// it. Its metadata says what it was made from: class names and templates in their order, and the model's hash.
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

import type { HeadEvent, HeadRequest } from '../../contract/api/heads.ts'
import { givenBy } from '../../engine/architecture/settle.ts'
import type { Ops } from '../../engine/devices/ops.ts'
import { openTensorFile } from '../../engine/formats/open.ts'
import { zeroShotHead } from '../../engine/heads/zero-shot.ts'
import { requireNoAdapter } from '../../engine/layouts/adapter.ts'
import { canonical } from '../../engine/layouts/index.ts'
import { loadTextTower } from '../../engine/models/text/text-tower.ts'
import { createTokenizer } from '../../engine/models/text/tokenizer.ts'
import { logitScale } from '../../engine/problems/head.ts'
import { hashCheckpoint, openSource } from '../../files/source.ts'
import { requireFree } from '../../files/write-atomic.ts'
import { writeHeads } from './write.ts'

export async function* makeHead(request: HeadRequest, ops: Ops): AsyncGenerator<HeadEvent> {
  const { name, classes, templates, model, out, overwrite } = request
  await requireFree(out, { overwrite })
  const { weights, embed, warnings } = yield* compute(request, ops)
  const how = { kind: 'zero-shot', scale: logitScale, normalised: true } as const
  const head = { weights, bias: null, classes: classes.length, embed, ...how }
  const record = { name, ...how, classes, templates, model: (await hashCheckpoint(model)).sha256 }
  yield { type: 'written', ...(await writeHeads([{ head, record }], out, overwrite)), warnings }
}

async function* compute(
  request: HeadRequest,
  ops: Ops,
): AsyncGenerator<HeadEvent, { weights: Float32Array; embed: number; warnings: string[] }> {
  const tokenizer = createTokenizer(gunzipSync(readFileSync(request.merges)).toString('utf8'))
  const source = await openSource(request.model)
  try {
    const given = givenBy(request, request.endOfText)
    const file = canonical(await openTensorFile(source))
    requireNoAdapter(file)
    const tower = await loadTextTower(ops, file, given)
    try {
      const weights = yield* zeroShotHead(tower, tokenizer, request.classes, request.templates)
      return { weights, embed: tower.architecture.embed, warnings: tower.warnings }
    } finally {
      tower.dispose()
    }
  } finally {
    await source.close()
  }
}
