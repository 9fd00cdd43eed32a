// An engine's process that computes for real, on wasm, and says that it is native TensorFlow with the addon it was
// given. DOUBLE=wrong makes its losses wrong, DOUBLE=wasm its name honest, DOUBLE=gpu its device a GPU, DOUBLE=dies ends it in the middle.
import { openBackend } from '../../../src-main/engine/devices/backend.ts'
import { run } from '../../../src-main/engine/runs/run.ts'
import { hashFile } from '../../../src-main/files/hash.ts'
import { openSource } from '../../../src-main/files/source.ts'
import { serveEngine } from '../../../src-main/worker/engine-door.ts'
import { parentPort } from '../../../src-main/worker/parent-port.ts'
import { readingOnly } from '../../worker/reading-only.ts'

const port = parentPort()
const how = process.env['DOUBLE']
const backend = await openBackend({ prefer: 'wasm', threads: 1 })

serveEngine(
  {
    ...readingOnly,
    describe: async () => {
      const { name, threads, simd, versions } = backend
      return how === 'wasm'
        ? { name, kind: 'wasm', threads, simd, reason: 'libtensorflow_cc.so.2: file too short', versions }
        : {
            name: `double with ${process.env['BASIL_ADDON']}`,
            kind: how === 'gpu' ? 'native-gpu' : 'native-cpu',
            threads,
            simd,
            reason: '',
            versions,
          }
    },
    run: async function* (config, sitting) {
      for await (const event of run(config, { ...sitting, backend, open: openSource, hash: hashFile })) {
        if (how === 'dies' && event.type === 'epoch') process.kill(process.pid, 'SIGKILL')
        if (how === 'wrong' && event.type === 'stage-end') event.losses[1] = (event.losses[1] ?? 0) * 1.001
        yield event
      }
    },
  },
  port,
)
