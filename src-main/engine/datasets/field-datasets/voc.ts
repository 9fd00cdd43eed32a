// PASCAL VOC 2007 as the field classifies it: every annotated object is an image, cut out of its photograph by its box,
// difficult ones too. Photographs in the order of the split's list, objects in that of their annotation
// (Annotations/NNNNNN.xml).
import { join } from 'node:path'

import { type Box, invalid, type RawImages } from '../raw.ts'
import { inside, linesOf, listedImages, Names, textOf } from '../sources/listed.ts'
import type { KnownSet, Opening } from './set.ts'

const folders =
  'aeroplane bicycle bird boat bottle bus car cat chair cow diningtable dog horse motorbike person pottedplant sheep sofa train tvmonitor'.split(
    ' ',
  )
const spoken: Record<string, string> = {
  diningtable: 'dining table',
  pottedplant: 'potted plant',
  tvmonitor: 'tv monitor',
}
const edges = ['xmin', 'ymin', 'xmax', 'ymax']

const objects =
  (split: string) =>
  async ({ at, where, files }: Opening): Promise<RawImages> => {
    const names = new Names()
    const [labels, crops]: [number[], Box[]] = [[], []]
    for (const line of await linesOf(files, join(at, 'ImageSets/Main', `aeroplane_${split}.txt`))) {
      const image = inside(line.trim().split(/\s+/)[0] as string, where)
      const annotation = join(at, 'Annotations', `${image}.xml`)
      for (const { label, box } of objectsIn(await textOf(files, annotation), annotation)) {
        names.push(`JPEGImages/${image}.jpg`)
        labels.push(label)
        crops.push(box)
      }
    }
    return listedImages(files, {
      where,
      folder: at,
      names,
      labels,
      classes: folders.map((name) => spoken[name] ?? name),
      crops,
    })
  }

/** The first name and the first box of an object are its own; its parts' come behind. */
function objectsIn(xml: string, where: string): { label: number; box: Box }[] {
  return [...xml.matchAll(/<object>(.*?)<\/object>/gs)].map(([, object = ''], i) => {
    const label = folders.indexOf(/<name>\s*(\w+)\s*<\/name>/.exec(object)?.[1] ?? '')
    const bounds = /<bndbox>(.*?)<\/bndbox>/s.exec(object)?.[1] ?? ''
    const [left = Number.NaN, top = Number.NaN, right = Number.NaN, bottom = Number.NaN] = edges.map((edge) =>
      Number.parseInt(new RegExp(`<${edge}>\\s*(\\d{1,6})`).exec(bounds)?.[1] ?? '', 10),
    )
    if (label < 0 || !(left < right && top < bottom))
      throw invalid(where, `object ${i + 1} has no class of the 20, or no box`)
    return { label, box: { left, top, right, bottom } }
  })
}

export const voc: KnownSet = {
  name: 'PascalVOC',
  folders: ['VOCdevkit/VOC2007', 'VOC2007'],
  marks: [['ImageSets/Main/aeroplane_train.txt', 'JPEGImages/', 'Annotations/']],
  splits: { train: objects('train'), val: objects('val'), test: objects('test') },
  needs: { test: 'ImageSets/Main/aeroplane_test.txt' },
  field: { val: 'val' },
}
