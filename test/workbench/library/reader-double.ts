// The reader's process, real but for what is asked of it: files whose name holds a word end it, hold it up, or have no
// hash that ends.

import { serveEngine } from '../../../src-main/worker/engine-door.ts'
import { parentPort } from '../../../src-main/worker/parent-port.ts'
import { reading } from '../../../src-main/worker/reading.ts'
import { readingOnly } from '../../worker/reading-only.ts'

export interface Misbehaviour {
  start?: 'exit' // before it has answered anything
  hash?: 'never' // no hash ever ends
}

const { start, hash } = JSON.parse(process.env['MISBEHAVIOUR'] ?? '{}') as Misbehaviour

if (start === 'exit') {
  console.error('reader: no such library')
  process.exit(7)
}

function obey(file: string): void {
  if (file.includes('crash')) process.abort()
  if (file.includes('hang')) for (;;);
}

serveEngine(
  {
    ...readingOnly,
    look: async ({ file }) => {
      obey(file)
      return reading.look({ file })
    },
    hash: ({ file }) => (hash === 'never' ? new Promise(() => undefined) : reading.hash({ file })),
    statistics: async function* ({ file }) {
      yield { type: 'progress', what: 'Reading', done: 0, total: 1 }
      obey(file)
      yield* reading.statistics({ file })
    },
  },
  parentPort(),
)
