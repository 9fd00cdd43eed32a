// Native TensorFlow itself, from the command line: installed, in use, damaged, removed. Only where it is asked for (CI
// sets NATIVE_REQUIRED), from the wheels that the CI's own installation left, so that nothing is fetched twice.
import { execFile } from 'node:child_process'
import { truncateSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { expect, test } from 'vitest'

import { installEventSchema, nativeStatusSchema } from '../../../src-main/contract/api/native.ts'
import { dataFolder } from '../../../src-main/files/data-folder.ts'
import { addonPath, downloadsFolder } from '../../../src-main/files/engine-folder.ts'
import { isAtMost, newestNeeded } from '../../desktop/baseline.ts'
import { temporaryFolder } from '../toy.ts'

const cli = join(import.meta.dirname, '..', '..', '..', 'src-main', 'cli.ts')
const run = promisify(execFile)

test.runIf(process.env['NATIVE_REQUIRED'])(
  'a real TensorFlow is installed, computes, is not used once damaged, and is removed',
  async () => {
    const { BASIL_ADDON: _, BASIL_BACKEND: __, ...own } = process.env
    const env = {
      ...own,
      BASIL_HOME: temporaryFolder(),
      PIP_FIND_LINKS: downloadsFolder(dataFolder()),
      PIP_NO_INDEX: '1',
    }
    const basil = async (...args: string[]): Promise<unknown[]> => {
      const { stdout } = await run(process.execPath, [cli, 'engine', ...args, '--json'], { env, maxBuffer: 2 ** 26 })
      return stdout.split('\n').flatMap((line) => (line ? [JSON.parse(line)] : []))
    }
    const status = async () => nativeStatusSchema.parse((await basil('status'))[0])

    expect(await status()).toMatchObject({
      installed: null,
      engine: { kind: 'wasm', reason: 'native TensorFlow is not installed' },
    })
    const events = (await basil('install', '--cpu')).map((event) => installEventSchema.parse(event))
    expect(events.at(-1)).toMatchObject({ type: 'installed', installed: { kind: 'cpu', tensorflow: '2.21.0' } })
    const after = await status()
    expect(after).toMatchObject({ damaged: '', engine: { kind: 'native-cpu', name: 'native TensorFlow 2.21.0 (CPU)' } })
    const needed = await newestNeeded(join(after.installed?.folder ?? '', addonPath))
    expect(isAtMost(needed['GLIBC'] ?? '9', '2.28')).toBe(true) // wherever it was compiled (addon/baseline.h)
    expect(isAtMost(needed['GLIBCXX'] ?? '9', '3.4.25')).toBe(true) // of GCC 8
    truncateSync(join(after.installed?.folder ?? '', 'tensorflow', 'libtensorflow_cc.so.2'), 1e8)
    expect(await status()).toMatchObject({
      installed: null,
      damaged: 'tensorflow/libtensorflow_cc.so.2 is missing or not whole',
      engine: { kind: 'wasm' },
    })
    expect(await basil('remove')).toEqual([{ removed: true }])
    expect(await status()).toMatchObject({ installed: null, damaged: '' })
  },
)
