// A view of tensors as a file's bytes, in either container, a piece of a tensor at a time. Tensors with larger
// elements come first, else in the view's order: then each lies at a multiple of its element's size, which readers
// that map a file into memory ask for.
import type { Container } from '../../../contract/checkpoint.ts'
import { dtypes } from '../dtype.ts'
import { safetensorsHead, writeSafetensors } from '../safetensors-writer.ts'
import { infoOf, type TensorFile, type TensorInfo } from '../tensor-file.ts'
import { writeStateDict } from './state-dict.ts'

/** Throws what reading the view throws, and tensor-dtype for a type that the container cannot hold. */
export function writeCheckpoint(
  file: TensorFile,
  container: Container,
  metadata: Record<string, string>,
): AsyncGenerator<Uint8Array> {
  const tensors = inWrittenOrder(file)
  if (container === 'state_dict') return writeStateDict(file, tensors, metadata)
  return writeSafetensors(tensors, inSafetensors(metadata), (name) => piecesOf(file, name))
}

/** What safetensors of the view begins with. */
export function safetensorsBeginning(file: TensorFile, metadata: Record<string, string>): Uint8Array {
  return safetensorsHead(inWrittenOrder(file), inSafetensors(metadata))
}

// transformers refuses a file without a format
const inSafetensors = (metadata: Record<string, string>): Record<string, string> => ({ ...metadata, format: 'pt' })

const piece = 2 ** 17 // elements

/** Of a tensor's bytes in their order, each good until the next is asked for. */
async function* piecesOf(file: TensorFile, name: string): AsyncGenerator<Uint8Array> {
  const { bytes, dtype } = infoOf(file.tensors, name, file.source)
  const most = piece * dtypes[dtype]
  for (let at = 0; at < bytes; at += most) yield await file.readRange(name, at, Math.min(most, bytes - at))
}

export function inWrittenOrder(file: TensorFile): TensorInfo[] {
  return [...file.tensors.values()].sort((a, b) => dtypes[b.dtype] - dtypes[a.dtype])
}
