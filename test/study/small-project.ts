// Two tasks of the oracle's small models as the worked study has its own: heads are there, and one set of images stands
// for every split.
import { join } from 'node:path'

import type { Project } from '../../build/study/protocol.ts'
import { folder } from '../golden/fixture.ts'

const images = join(folder, 'tasks.safetensors')

export const smallProject: Project = {
  pretrained: join(folder, 'pretrained.safetensors'),
  negation: { targets: ['alpha'], control: 'beta' },
  tasks: ['alpha', 'beta'].map((name) => {
    const split = `${images}#${name}`
    const splits = { probe: split, train: split, learning: split, validation: split, control: split, test: split }
    return { name, classes: 5, ...splits, head: `${images}#head.${name}` }
  }),
}
