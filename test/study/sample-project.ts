// Two tasks of the sample project as the worked study has its own: heads are there, and the learning images are those
// that models are fine-tuned on too.
import { join } from 'node:path'

import type { Project } from '../../build/study/protocol.ts'

const sample = join(import.meta.dirname, '../../resources/sample')
const images = join(sample, 'tasks.safetensors')

export const sampleProject: Project = {
  pretrained: join(sample, 'pretrained.safetensors'),
  negation: { targets: ['mnist'], control: 'fashion' },
  tasks: ['mnist', 'fashion'].map((name) => ({
    name,
    classes: 10,
    probe: `${images}#${name}.learning`,
    train: `${images}#${name}.learning`,
    learning: `${images}#${name}.learning`,
    validation: `${images}#${name}.validation`,
    control: `${images}#${name}.validation`,
    test: `${images}#${name}.test`,
    head: `${images}#head.${name}`,
  })),
}
