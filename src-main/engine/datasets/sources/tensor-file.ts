// A tensor file's images as a source of raw ones: `images.NAME` (n, c, s, s) uint8 with `labels.NAME`, where NAME is
// the split. Images that are already normalised (float32) are the model's own input and are read whole, not through
// here.

import { isCheckpointName } from '../../../contract/file-names.ts'
import { toInt32 } from '../../formats/dtype.ts'
import { openTensorFile } from '../../formats/open.ts'
import type { OpenFiles } from '../../formats/source.ts'
import { interleaved } from '../pixels/planes.ts'
import { type DataSource, invalid, noSplit, type RawImages } from '../raw.ts'
import { describedImages } from '../tensor-images.ts'
import { checkedLabels } from './listed.ts'

export const tensorFile: DataSource = {
  name: 'tensor file, "file.safetensors#name"',
  matches: (place) => place.entries === null && isCheckpointName(place.name),
  splits: async (place, files) => {
    const source = await files.open(place.path)
    try {
      return splitsIn((await openTensorFile(source)).tensors.keys())
    } finally {
      await source.close()
    }
  },
  open: async (place, split, files) => openTensors(place, split, files),
}

const splitsIn = (names: Iterable<string>): string[] =>
  [...names].filter((name) => name.startsWith('images.')).map((name) => name.slice('images.'.length))

async function openTensors(
  place: Parameters<DataSource['open']>[0],
  split: string,
  files: OpenFiles,
): Promise<RawImages> {
  const source = await files.open(place.path)
  try {
    const file = await openTensorFile(source)
    if (!file.tensors.has(`images.${split}`)) throw noSplit(place, split, splitsIn(file.tensors.keys()))
    const { where, count, channels, size } = describedImages(file, split)
    if (file.tensors.get(`images.${split}`)?.dtype !== 'U8')
      throw invalid(where, 'its images are already normalised; raw ones are uint8')
    const dtype = file.tensors.get(`labels.${split}`)?.dtype ?? 'I64'
    const labels = toInt32(await file.read(`labels.${split}`), dtype)
    const name = (i: number): string => `images.${split}[${i}]`
    const plane = size * size
    return {
      where,
      count,
      labels: checkedLabels(where, labels, null, name),
      classes: null,
      groups: null,
      name,
      image: async (i) => {
        const planes = await file.readRange(`images.${split}`, i * channels * plane, channels * plane)
        return { pixels: interleaved(planes, channels), width: size, height: size, channels }
      },
      close: () => source.close(),
    }
  } catch (error) {
    await source.close()
    throw error
  }
}
