// PyTorch's zip archive, as torch.save and torch.jit.save write it: NAME/data.pkl, a pickle whose tensors name their storages,
// and NAME/data/KEY, the bytes of each. TorchScript's code/ and constants are beside the weights and are not looked at. What Basil
// wrote has its metadata in NAME/basil.json.
import { z } from 'zod'

import { BasilError } from '../../../contract/errors.ts'
import { dtypes } from '../dtype.ts'
import { type ByteSource, damaged, type Region, shown } from '../source.ts'
import { type Strided, stridedFile, unknownType } from '../strided.ts'
import type { TensorFile } from '../tensor-file.ts'
import type { ZipArchive } from '../zip.ts'
import { storageDtype } from './globals.ts'
import { unpickle } from './pickle.ts'
import { type State, stateOf } from './state.ts'
import { PickleError, type Storage } from './values.ts'

export const longestPickle = 32 * 2 ** 20
const longestMetadata = 32 * 2 ** 20
const metadataSchema = z.record(z.string(), z.string())

const pickleName = /^[^/]+\/data\.pkl$/

export function isPytorchArchive(zip: ZipArchive): boolean {
  return zip.names.some((name) => pickleName.test(name))
}

export async function openPytorchArchive(source: ByteSource, zip: ZipArchive): Promise<TensorFile> {
  const [name, another] = zip.names.filter((entry) => pickleName.test(entry))
  if (name === undefined || another !== undefined) throw damaged(source, 'PyTorch', 'it has not one data.pkl')
  const root = name.slice(0, -'data.pkl'.length)
  if (zip.names.includes(`${root}byteorder`)) {
    const order = await zip.region(`${root}byteorder`)
    if (new TextDecoder().decode(await order.read(0, Math.min(8, order.size))) !== 'little') throw bigEndian(source)
  }
  const pickle = await zip.region(name)
  if (pickle.size > longestPickle)
    throw damaged(source, 'PyTorch', `its data.pkl has ${pickle.size} bytes; ${longestPickle} is the most that is read`)
  const bytes = await pickle.read(0, pickle.size)
  const state = refusingPickle(source, name, () => stateOf(unpickle(bytes).value))
  const script = zip.names.some((entry) => entry.startsWith(`${root}code/`))
  const file = await stateFile(source, script ? 'torchscript' : 'pytorch', state, ({ key }) => zip.region(`${root}data/${key}`))
  return { ...file, metadata: { ...(await metadataOf(source, zip, `${root}basil.json`)), ...file.metadata } }
}

async function metadataOf(source: ByteSource, zip: ZipArchive, name: string): Promise<Record<string, string>> {
  if (!zip.names.includes(name)) return {}
  const region = await zip.region(name)
  if (region.size > longestMetadata) throw damaged(source, 'PyTorch', `its ${name} has ${region.size} bytes`)
  const text = new TextDecoder().decode(await region.read(0, region.size))
  try {
    return metadataSchema.parse(JSON.parse(text))
  } catch {
    throw damaged(source, 'PyTorch', `its ${name} is not a list of texts by name`)
  }
}

/** Throws file-damaged where a storage is not of the size its tensors were told, tensor-dtype for a type Basil does not read. */
export async function stateFile(
  source: ByteSource,
  format: string,
  { tensors, taken, left }: State,
  regionOf: (storage: Storage) => Region | Promise<Region>,
): Promise<TensorFile> {
  const views = new Map<string, Strided>()
  for (const [name, { storage, dtype, offset, shape, strides }] of tensors) {
    const stored = storageDtype(storage)
    if (dtype === undefined || stored === undefined) throw unknownType(source, name, storage.type)
    const region = await regionOf(storage)
    const bytes = storage.elements * dtypes[stored]
    if (region.size !== bytes)
      throw damaged(source, 'PyTorch', `the storage ${shown(storage.key)} of ${shown(name)} has ${region.size} bytes, not ${bytes}`)
    views.set(name, { dtype, region, offset, shape, strides })
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
    if (error instanceof PickleError) throw damaged(source, 'PyTorch', `its pickle ${where} cannot be read: ${error.message}`)
    throw error
  }
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
