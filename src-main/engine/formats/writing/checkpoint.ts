// A view of tensors as a file's bytes, in either container, one tensor at a time. Tensors with larger elements come
// first, else in the view's order: then each lies at a multiple of its element's size, which readers that map a file
// into memory ask for.
import type { Container } from '../../../contract/checkpoint.ts'
import { dtypes } from '../dtype.ts'
import { writeSafetensors } from '../safetensors-writer.ts'
import type { TensorFile, TensorInfo } from '../tensor-file.ts'
import { writeStateDict } from './state-dict.ts'

/** Throws what reading the view throws, and tensor-dtype for a type that the container cannot hold. */
export function writeCheckpoint(
  file: TensorFile,
  container: Container,
  metadata: Record<string, string>,
): AsyncGenerator<Uint8Array> {
  const tensors = inWrittenOrder(file)
  if (container === 'state_dict') return writeStateDict(file, tensors, metadata)
  // transformers refuses a file without a format
  return writeSafetensors(tensors, { ...metadata, format: 'pt' }, (name) => file.read(name))
}

function inWrittenOrder(file: TensorFile): TensorInfo[] {
  return [...file.tensors.values()].sort((a, b) => dtypes[b.dtype] - dtypes[a.dtype])
}
