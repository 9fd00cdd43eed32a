// A tensor file of a task's images: keys `images.NAME` (n, 3, s, s), or (n, 1, s, s) for grey, uint8 or float32 already
// normalised, and `labels.NAME` (n) integers; `head.NAME` (classes, embed) beside them. "file.safetensors#NAME" points
// here, "#head.NAME" at a tensor.
import { BasilError } from '../../contract/errors.ts'
import { splitPath } from '../../contract/named-tensor.ts'
import { toFloat32, toInt32 } from '../formats/dtype.ts'
import { openTensorFile } from '../formats/open.ts'
import type { OpenSource } from '../formats/source.ts'
import type { TensorFile, TensorInfo } from '../formats/tensor-file.ts'
import { inMemory, type LabelledImages, type PixelsInMemory } from './images.ts'

/** What is known of images before they are read. */
export interface ImagesHeader {
  where: string
  count: number
  channels: 1 | 3
  size: number
  bytes: number // in memory
}

/** All images NAME of "file#NAME". Throws data-invalid, tensor-missing or split-empty. */
export async function readImages(path: string, open: OpenSource): Promise<LabelledImages & PixelsInMemory> {
  return withFile(path, open, async (file, key) => {
    const { count, channels, size, where } = describedImages(file, key)
    const images = find(file, `images.${key}`)
    const labels = find(file, `labels.${key}`)
    const bytes = await file.read(images.name)
    const pixels = images.dtype === 'U8' ? bytes : toFloat32(bytes, 'F32')
    if (pixels instanceof Float32Array && pixels.some((v) => !Number.isFinite(v)))
      throw wrong(where, `images.${key} holds NaN or infinite values`)
    return inMemory({
      where,
      count,
      channels,
      size,
      pixels,
      labels: toInt32(await file.read(labels.name), labels.dtype),
    })
  })
}

/** By header alone; throws what reading would throw for shapes and types. */
export async function describeImages(path: string, open: OpenSource): Promise<ImagesHeader> {
  return withFile(path, open, async (file, key) => describedImages(file, key))
}

/** Of images.KEY and labels.KEY in an open file; throws as describeImages. */
export function describedImages(file: TensorFile, key: string): ImagesHeader {
  const where = `${file.source.name}#${key}`
  const images = find(file, `images.${key}`)
  const labels = find(file, `labels.${key}`)
  const [count = 0, channels, height = 0, width] = images.shape
  if (images.shape.length !== 4 || (channels !== 3 && channels !== 1) || height !== width)
    throw wrong(where, `images.${key} has the shape [${images.shape}]; (n, 3, s, s) or (n, 1, s, s) is needed`)
  if (labels.shape.length !== 1 || labels.shape[0] !== count)
    throw wrong(where, `images.${key} has ${count} images, labels.${key} the shape [${labels.shape}]`)
  if (images.dtype !== 'U8' && images.dtype !== 'F32')
    throw wrong(where, `images.${key} is stored as ${images.dtype}; uint8 or float32 is needed`)
  if (count === 0)
    throw new BasilError({
      code: 'split-empty',
      what: 'A split holds no images',
      where,
      why: `images.${key} has 0 images`,
      next: 'give data with at least one image',
    })
  return { where, count, channels, size: height, bytes: images.bytes }
}

async function withFile<T>(
  path: string,
  open: OpenSource,
  use: (file: TensorFile, key: string) => Promise<T>,
): Promise<T> {
  if (!/#[^#/\\]+$/.test(path))
    throw new BasilError({
      code: 'data-invalid',
      what: 'Basil does not know this kind of data',
      where: path,
      why: 'it reads: tensor file, "file.safetensors#name"',
      next: 'name the images inside the file, as in "tasks.safetensors#alpha"',
    })
  const [name, key] = splitPath(path)
  const source = await open(name)
  try {
    return await use(await openTensorFile(source), key)
  } finally {
    await source.close()
  }
}

function find(file: TensorFile, name: string): TensorInfo {
  const info = file.tensors.get(name)
  if (info) return info
  const names = [...file.tensors.keys()].slice(0, 12).join(', ')
  throw new BasilError({
    code: 'tensor-missing',
    what: `${file.source.name} lacks the tensor ${name}`,
    where: `${file.source.name}: ${name}`,
    why: `it has ${names}`,
    next: 'correct the name behind the "#"',
  })
}

function wrong(where: string, why: string): BasilError {
  return new BasilError({
    code: 'data-invalid',
    what: 'The data cannot be used',
    where,
    why,
    next: 'correct the file, or point to another',
  })
}
