// PyTorch's zip archive, as torch.save and torch.jit.save write it: NAME/data.pkl, a pickle whose tensors name their
// storages, and NAME/data/KEY, the bytes of each. TorchScript's code/ and constants are beside the weights and are not
// looked at. What Basil wrote has its metadata in NAME/basil.json.
import { z } from 'zod'

import { BasilError } from '../../../contract/errors.ts'
import type { ZippedFormat } from '../format.ts'
import { type ByteSource, beyondLimit, damaged, type Region, shown } from '../source.ts'
import { type Strided, stridedFile } from '../strided.ts'
import type { TensorFile } from '../tensor-file.ts'
import type { ZipArchive } from '../zip.ts'
import { storageItem } from './element-types.ts'
import { unpickle } from './pickle.ts'
import { type State, stateOf } from './state.ts'
import { PickleError, PickleLimit, type Storage, Unreadable } from './values.ts'

export const longestPickle = 32 * 2 ** 20
const longestMetadata = 32 * 2 ** 20
const metadataSchema = z.record(z.string(), z.string())

const pickleName = /^[^/]+\/data\.pkl$/

export const pytorch: ZippedFormat = {
  matchesEntries: (zip) => zip.names.some((name) => pickleName.test(name)),
  open,
}

async function open(source: ByteSource, zip: ZipArchive): Promise<TensorFile> {
  const [name, another] = zip.names.filter((entry) => pickleName.test(entry))
  if (name === undefined || another !== undefined) throw damaged(source, 'PyTorch', 'it has not one data.pkl')
  const root = name.slice(0, -'data.pkl'.length)
  if (zip.names.includes(`${root}byteorder`)) {
    const order = await zip.region(`${root}byteorder`)
    if (new TextDecoder().decode(await order.read(0, Math.min(8, order.size))) !== 'little') throw bigEndian(source)
  }
  const pickle = await zip.region(name)
  if (pickle.size > longestPickle)
    throw beyondLimit(source, `its data.pkl has ${pickle.size} bytes; Basil reads ${longestPickle} at most`)
  const bytes = await pickle.read(0, pickle.size)
  const state = refusingPickle(source, name, () => stateOf(unpickle(bytes).value))
  await requireData(source, zip, `${root}data/`)
  const script = zip.names.some((entry) => entry.startsWith(`${root}code/`))
  const file = await stateFile(source, script ? 'torchscript' : 'pytorch', state, ({ key }) =>
    zip.region(`${root}data/${key}`),
  )
  return { ...file, metadata: { ...(await metadataOf(source, zip, `${root}basil.json`)), ...file.metadata } }
}

const piece = 2 ** 20

/**
 * torch.serialization.skip_data leaves places for data, without data and without its sum, to be filled by another
 * program. Where not one byte was filled in, names and shapes are all there is: zeros would be taken for weights.
 */
async function requireData(source: ByteSource, zip: ZipArchive, folder: string): Promise<void> {
  const empty = zip.names.filter((name) => name.startsWith(folder) && zip.unsummed.has(name))
  if (empty.length === 0) return
  for (const name of zip.names) {
    if (!name.startsWith(folder)) continue
    const region = await zip.region(name)
    if (region.size > 0 && !zip.unsummed.has(name)) return
    for (let at = 0; at < region.size; at += piece)
      if ((await region.read(at, Math.min(piece, region.size - at))).some((byte) => byte !== 0)) return
  }
  throw new BasilError({
    code: 'tensor-missing',
    what: `${source.name} has places for its tensors, but no data in them`,
    where: source.name,
    why: 'all of it is zeros without a checksum, which is what torch.serialization.skip_data leaves to be filled',
    next: 'save the model without skip_data, or fill the file first',
  })
}

async function metadataOf(source: ByteSource, zip: ZipArchive, name: string): Promise<Record<string, string>> {
  if (!zip.names.includes(name)) return {}
  const region = await zip.region(name)
  if (region.size > longestMetadata)
    throw beyondLimit(source, `its ${name} has ${region.size} bytes; Basil reads ${longestMetadata} at most`)
  const text = new TextDecoder().decode(await region.read(0, region.size))
  try {
    return metadataSchema.parse(JSON.parse(text))
  } catch {
    throw damaged(source, 'PyTorch', `its ${name} is not a list of texts by name`)
  }
}

/**
 * Throws file-damaged where a storage is not of the size its tensors were told, tensor-dtype for a type Basil does not
 * read.
 */
export async function stateFile(
  source: ByteSource,
  format: string,
  { tensors, taken, left }: State,
  regionOf: (storage: Storage) => Region | Promise<Region>,
): Promise<TensorFile> {
  const views = new Map<string, Strided>()
  for (const [name, tensor] of tensors) {
    if (tensor instanceof Unreadable) throw unreadable(source, name, tensor)
    const { storage, dtype, offset, shape, strides, changes } = tensor
    const region = await regionOf(storage)
    const bytes = storage.elements * (storageItem(storage) ?? Number.NaN)
    if (region.size !== bytes)
      throw damaged(
        source,
        'PyTorch',
        `the storage ${shown(storage.key)} of ${shown(name)} has ${region.size} bytes, not ${bytes}`,
      )
    views.set(name, { dtype, region, offset, shape, strides, changes })
  }
  if (views.size === 0)
    throw new BasilError({
      code: 'format-unknown',
      what: 'This file holds no tensors',
      where: source.name,
      why: 'nothing in it is a state_dict, a list of tensors or a module',
      next: 'give a file that torch.save wrote of a model or of its state_dict',
    })
  const metadata = { ...(taken && { 'pytorch.taken': taken }), ...(left.length && { 'pytorch.left': left.join(', ') }) }
  return stridedFile(source, format, views, metadata)
}

export function refusingPickle<T>(source: ByteSource, where: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof PickleLimit)
      throw beyondLimit(source, `of its pickle ${where}: ${error.message}, the most that Basil reads`)
    if (error instanceof PickleError)
      throw damaged(source, 'PyTorch', `its pickle ${where} cannot be read: ${error.message}`)
    throw error
  }
}

function unreadable(source: ByteSource, name: string, { is, next }: Unreadable): BasilError {
  return new BasilError({
    code: 'tensor-dtype',
    what: `${source.name} holds a tensor that Basil does not read`,
    where: `${source.name}: ${name.slice(0, 120)}`,
    why: `it is ${is}`,
    next,
  })
}

export function bigEndian(source: ByteSource): BasilError {
  return new BasilError({
    code: 'format-unknown',
    what: 'This checkpoint was written by a big-endian machine',
    where: source.name,
    why: 'its numbers have their bytes in the other order',
    next: 'load it in PyTorch and save it again as safetensors',
  })
}
