// What a run would take, and whether it can: headers of every file are read and held against each other, weights are not.
// Late errors after a long wait are the field's sorest point, so test data is looked at here too, though not its labels.
import type { ResolvedConfig } from '../contract/config.ts'
import type { Plan } from '../contract/engine-api.ts'
import { BasilError } from '../contract/errors.ts'
import { openTensorFile } from './formats/index.ts'
import type { OpenSource } from './formats/source.ts'
import { groupsOf } from './merge.ts'
import { openCheckpoint, openParents } from './parents.ts'

export async function checkRun(config: ResolvedConfig, open: OpenSource): Promise<Plan> {
  const parents = await openParents(config.pretrained, config.vectors, open)
  try {
    const { architecture } = parents
    for (const t of config.tasks) if (t.finetuned && !config.vectors.includes(t.finetuned)) await (await openCheckpoint(t.finetuned, open)).file.source.close()
    let images = 0
    for (const t of config.tasks) {
      const classes = (await shapeAt(t.head, open, (key) => key))[0] ?? 0
      if (!classes) throw new BasilError({ code: 'data-invalid', what: 'The head has no classes', where: t.head, why: 'its first dimension is 0', next: 'give the head made for this data set' })
      for (const path of [t.data, t.validation, t.test]) {
        if (!path) continue
        const [count = 0, , size = 0] = await shapeAt(path, open, (key) => `images.${key}`)
        if (count === 0) throw new BasilError({ code: 'split-empty', what: 'A split holds no images', where: path, why: 'it has 0 images', next: 'give data with at least one image' })
        if (size !== architecture.imageSize)
          throw new BasilError({ code: 'data-invalid', what: 'The images do not fit the model', where: path, why: `they are ${size} pixels wide, the model takes ${architecture.imageSize}`, next: "prepare the images at the model's size" })
        images += count
      }
    }
    const groups = groupsOf(parents, config.blocks)
    const parameters = [...parents.parameters.values()].reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0)
    const rows = config.microBatch * architecture.tokens
    const activations = 4 * rows * architecture.layers * (12 * architecture.width + architecture.heads * architecture.tokens)
    return {
      parameters,
      blocks: groups.names.length,
      vectors: config.vectors.length,
      coefficients: groups.names.length * config.vectors.length,
      images,
      memoryBytes: 4 * parameters * (2 + config.vectors.length) + activations,
    }
  } finally {
    await parents.close()
  }
}

async function shapeAt(path: string, open: OpenSource, name: (key: string) => string): Promise<number[]> {
  const hash = path.lastIndexOf('#')
  const source = await open(hash < 0 ? path : path.slice(0, hash))
  try {
    const file = await openTensorFile(source)
    const wanted = name(path.slice(hash + 1))
    const info = file.tensors.get(wanted)
    if (!info) throw new BasilError({ code: 'tensor-missing', what: `${source.name} lacks the tensor ${wanted}`, where: `${source.name}: ${wanted}`, why: `it has ${[...file.tensors.keys()].slice(0, 12).join(', ')}`, next: 'correct the name behind the "#"' })
    return info.shape
  } finally {
    await source.close()
  }
}
