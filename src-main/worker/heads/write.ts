// Heads written as a tensor file: head.NAME (classes, embed) and, where it has one, head.NAME.bias (classes), float32;
// what each is and was made from in the metadata. The file is read back before it takes its name.

import { createHash } from 'node:crypto'

import type { HeadRecord } from '../../contract/api/heads.ts'
import { type Sha256, sha256 } from '../../contract/branded.ts'
import { BasilError } from '../../contract/errors.ts'
import type { Exported } from '../../contract/run/recipe.ts'
import { type Head, type TensorToWrite, writeSafetensors } from '../../engine/index.ts'
import { hashFile } from '../../files/hash.ts'
import { writeAtomic } from '../../files/write-atomic.ts'

interface NamedHead {
  head: Head
  record: HeadRecord
}

/** Throws target-exists, target-unwritable, disk-full or verify-failed; what was there is then as it was. */
export async function writeHeads(heads: readonly NamedHead[], out: string, overwrite: boolean): Promise<Exported> {
  const values = new Map<string, Float32Array>()
  const tensors: TensorToWrite[] = heads.flatMap(({ head, record }) => {
    const name = `head.${record.name}`
    values.set(name, head.weights)
    const own: TensorToWrite[] = [{ name, dtype: 'F32', shape: [head.classes, head.embed] }]
    if (!head.bias) return own
    values.set(`${name}.bias`, head.bias)
    return [...own, { name: `${name}.bias`, dtype: 'F32', shape: [head.classes] }]
  })
  const records = heads.map(({ record }) => record)
  const metadata = {
    format: 'pt',
    role: 'head',
    'basil.head': JSON.stringify(records.length === 1 ? records[0] : records),
  }
  const bytesOf = (name: string): Uint8Array => {
    const { buffer, byteOffset, byteLength } = values.get(name) as Float32Array
    return new Uint8Array(buffer, byteOffset, byteLength)
  }
  const chunks: Uint8Array[] = []
  for await (const chunk of writeSafetensors(tensors, metadata, bytesOf)) chunks.push(chunk)
  const content = Buffer.concat(chunks) // a few MB at most
  const computed = sha256(createHash('sha256').update(content).digest('hex'))
  const verify = async (written: string): Promise<void> => {
    const found = await hashFile(written)
    if (found.sha256 !== computed) throw notAsWritten(out, computed, found.sha256)
  }
  await writeAtomic(out, [content], { overwrite, verify })
  return { file: out, bytes: content.length, sha256: computed, tensors: tensors.length }
}

function notAsWritten(out: string, computed: Sha256, found: Sha256): BasilError {
  return new BasilError({
    code: 'verify-failed',
    what: 'The head does not read back as it was written',
    where: out,
    why: `its SHA-256 is ${found.slice(0, 12)} instead of ${computed.slice(0, 12)}`,
    next: 'check the disk, then make it again',
  })
}
