// A view of tensors becomes a file: streamed beside its target, hashed on the way, read back (content, names, types,
// shapes) and opened by the reader of its format, before it takes the target's name.

import { createHash } from 'node:crypto'

import { type Sha256, sha256 } from '../contract/branded.ts'
import type { Container } from '../contract/checkpoint.ts'
import { BasilError } from '../contract/errors.ts'
import type { Exported } from '../contract/run/recipe.ts'
import { openTensorFile } from '../engine/formats/open.ts'
import type { TensorFile } from '../engine/formats/tensor-file.ts'
import { safetensorsBeginning, writeCheckpoint } from '../engine/formats/writing/checkpoint.ts'
import { hashFile } from './hash.ts'
import { openSource } from './source.ts'
import { type Disk, writeAtomic } from './write-atomic.ts'

interface ModelToWrite {
  out: string
  overwrite: boolean
  container: Container
  metadata: Record<string, string>
  /**
   * The same with what is only known in the end, of the same length, in place of them; of safetensors alone, whose
   * header is written once more then.
   */
  metadataInTheEnd?: () => Promise<Record<string, string>>
  /** The file takes its name only after this has not thrown. */
  accept?: () => Promise<void>
  /** Bytes written so far; what it throws ends the writing. */
  tell?: (bytes: number) => void
  disk?: Disk
}

/**
 * Throws what the view, the disk and `accept` throw, and verify-failed where the file does not read back as it was
 * written.
 */
export async function writeModel(view: TensorFile, model: ModelToWrite): Promise<Exported> {
  const { out, overwrite, container, metadata, metadataInTheEnd, accept, tell, disk } = model
  const hash = createHash('sha256') // of all that stands behind the header, where that is not known yet
  let [bytes, head] = [0, metadataInTheEnd ? -1 : 0]
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of writeCheckpoint(view, container, metadata)) {
      if (head < 0) head = chunk.length
      else hash.update(chunk)
      bytes += chunk.length
      yield chunk
      tell?.(bytes)
    }
  }
  const beginning =
    metadataInTheEnd &&
    (async (): Promise<Uint8Array> => {
      const known = safetensorsBeginning(view, await metadataInTheEnd())
      if (known.length !== head) throw new Error(`a header of ${known.length} bytes was to take the place of ${head}`)
      return known
    })
  let told = sha256('')
  const verify = async (written: string): Promise<void> => {
    told = await requireSame(written, out, { behind: head, sha256: sha256(hash.digest('hex')) }, view)
    await accept?.()
  }
  await writeAtomic(out, counted(), { overwrite, verify, beginning, ...(disk && { disk }) })
  return { file: out, bytes, sha256: told, tensors: view.tensors.size }
}

/** Reads the written file as a stranger would; gives its hash. */
async function requireSame(
  written: string,
  out: string,
  expected: { behind: number; sha256: Sha256 },
  view: Pick<TensorFile, 'tensors'>,
): Promise<Sha256> {
  const rest = createHash('sha256')
  let passed = 0
  const found = await hashFile(
    written,
    expected.behind > 0
      ? (bytes) => {
          rest.update(bytes.subarray(Math.min(bytes.length, Math.max(0, expected.behind - passed))))
          passed += bytes.length
        }
      : undefined,
  )
  const same = expected.behind > 0 ? rest.digest('hex') : found.sha256
  if (same !== expected.sha256)
    throw notTheSame(out, `its SHA-256 is ${same.slice(0, 12)} instead of ${expected.sha256.slice(0, 12)}`)
  const source = await openSource(written)
  try {
    const { tensors } = await openTensorFile(source)
    if (tensors.size !== view.tensors.size)
      throw notTheSame(out, `it has ${tensors.size} tensors instead of ${view.tensors.size}`)
    for (const { name, dtype, shape } of view.tensors.values()) {
      const info = tensors.get(name)
      if (info?.dtype !== dtype || info.shape.join() !== shape.join())
        throw notTheSame(out, `its tensor ${name} is not as it was given`)
    }
  } finally {
    await source.close()
  }
  return found.sha256
}

function notTheSame(out: string, why: string): BasilError {
  return new BasilError({
    code: 'verify-failed',
    what: 'The file does not read back as it was written',
    where: out,
    why,
    next: 'check the disk, then write it again',
  })
}
