// A project of random weights and images of any size, for tests that are about memory and time and not about what is
// learned.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { ResolvedConfig } from '../../../src-main/contract/run/config.ts'
import { resolveConfig } from '../../../src-main/contract/run/resolve.ts'
import { type TowerShape, towerParameters } from '../../../src-main/engine/layouts/clip-names.ts'
import { seeded } from '../../faults/seeded.ts'
import { written } from '../formats/bytes.ts'

export type Size = Pick<TowerShape, 'width' | 'layers' | 'patchSize' | 'imageSize'> & Partial<Pick<TowerShape, 'mlp'>>

const embed = 16
const classes = 4

/** One task, one vector; batches hold all the images. Gone with dispose(). */
export async function randomProject(
  size: Size,
  images: number,
  change: object = {},
): Promise<{ config: ResolvedConfig; dispose(): void }> {
  const folder = mkdtempSync(join(tmpdir(), 'basil-random-'))
  const chance = seeded(7)
  const floats = (count: number, scale: number): Uint8Array =>
    new Uint8Array(Float32Array.from({ length: count }, () => scale * (2 * chance() - 1)).buffer)
  const tokens = (size.imageSize / size.patchSize) ** 2 + 1
  const tower = [...towerParameters({ ...size, mlp: size.mlp ?? 4 * size.width, embed, tokens })]
  for (const name of ['pretrained', 'finetuned']) {
    const tensors = tower.map(([name, shape]) => {
      const scale = /ln_\w+\.weight/.test(name) ? 1 : 0.1
      return {
        name,
        shape,
        dtype: 'F32' as const,
        bytes: floats(
          shape.reduce((a, b) => a * b, 1),
          scale,
        ),
      }
    })
    writeFileSync(join(folder, `${name}.safetensors`), await written(tensors))
  }
  const { imageSize } = size
  const data = [
    {
      name: 'images.a',
      dtype: 'U8' as const,
      shape: [images, 3, imageSize, imageSize],
      bytes: Uint8Array.from({ length: images * 3 * imageSize ** 2 }, () => 256 * chance()),
    },
    {
      name: 'labels.a',
      dtype: 'I32' as const,
      shape: [images],
      bytes: new Uint8Array(Int32Array.from({ length: images }, () => classes * chance()).buffer),
    },
    {
      name: 'head.a',
      dtype: 'F32' as const,
      shape: [classes, embed],
      bytes: new Uint8Array(
        Float32Array.from({ length: classes * embed }, (_, i) => Number(i % (embed + 1) === 0)).buffer,
      ),
    },
  ]
  writeFileSync(join(folder, 'data.safetensors'), await written(data))
  const project = {
    method: 'atlas',
    pretrained: 'pretrained.safetensors',
    vectors: ['finetuned.safetensors'],
    tasks: [{ name: 'a', data: 'data.safetensors#a', head: 'data.safetensors#head.a' }],
    batch: 'all',
    microBatch: images,
    steps: 1,
    ...change,
  }
  return {
    config: resolveConfig(project, (path) => join(folder, path)),
    dispose: () => rmSync(folder, { recursive: true }),
  }
}
