// What tests of the installation stand on: two small wheels with their pins, a program's resources, and a python3 on
// PATH that answers as pip does, from a folder instead of an index. The foreign programs alone are doubles: everything
// of ours is real.
import { createHash } from 'node:crypto'
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { zipSync } from 'fflate'
import { vi } from 'vitest'

import type { InstallEvent } from '../../../src-main/contract/api/native.ts'
import { type InstallOptions, install } from '../../../src-main/workbench/native/install.ts'
import { readPins } from '../../../src-main/workbench/native/wheels.ts'
import { temporaryFolder } from '../toy.ts'
import { nativeDouble } from './double.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const bytes = (text: string, times = 1): Uint8Array => Buffer.from(text.repeat(times))

const wheels = {
  'tensorflow-cpu': {
    'tensorflow/libtensorflow_cc.so.2': bytes('library ', 40_000),
    'tensorflow/libtensorflow_framework.so.2': bytes('framework ', 9_000),
    'tensorflow/THIRD_PARTY_NOTICES.txt': bytes('notices'),
    'tensorflow/include/tensorflow/c/c_api.h': bytes('// a header'),
    'tensorflow/python/not_needed.py': bytes('import this'),
  },
  'tensorflow-extra': {
    'nvidia/cublas/lib/libcublas.so.12': bytes('cublas ', 5_000),
    'nvidia/cublas/include/cublas.h': bytes('no'),
  },
}

const cublas13 = { 'nvidia/cu13/lib/libcublas.so.13': bytes('cublas ', 5_000) }
const aliases = { 'libcublas.so.12': 'libcublas.so.13' }

export interface Index {
  home: string
  resources: string
  /** What pip answers for a project from now on; 'well' if not told. */
  answer(project: string, how: 'well' | 'other-bytes' | 'refuses-hash' | 'unknown' | 'hangs'): void
  /** Projects that pip was asked for, in order. */
  asked(): string[]
  environment: NodeJS.ProcessEnv
}

// a wheel that two lists pin has one hash, on whichever side of a second it is packed
const packed = '2026-01-01'

/** Everything in one temporary folder; PATH of this test has the double and nothing else, unless told. */
export function fakeIndex({ pip = true, addon = true } = {}): Index {
  const folder = temporaryFolder()
  const [store, programs, resources, home] = ['store', 'programs', 'resources', 'home'].map((name) =>
    join(folder, name),
  ) as [string, string, string, string]
  for (const path of [store, programs, join(resources, 'engine'), home]) mkdirSync(path, { recursive: true })
  const pin = (project: string, files: Record<string, Uint8Array>) => {
    const content = zipSync(files, { level: 1, mtime: packed })
    const file = `${project.replace('-', '_')}-1.0-py3-none-${project === 'pip' ? 'any' : 'manylinux_2_27_x86_64'}.whl`
    writeFileSync(join(store, file), content)
    const unpacked = Object.entries(files).reduce(
      (sum, [name, data]) => sum + (/\.so|NOTICES/.test(name) ? data.length : 0),
      0,
    )
    return {
      project,
      version: '1.0',
      file,
      bytes: content.length,
      sha256: createHash('sha256').update(content).digest('hex'),
      unpacked,
    }
  }
  const cpu = Object.entries(wheels).map(([project, files]) => pin(project, files))
  const cuda13 = [
    pin('tensorflow-cpu', wheels['tensorflow-cpu']),
    { ...pin('nvidia-cublas', cublas13), links: aliases },
  ]
  const { cards } = readPins(join(root, 'resources'))
  const pins = {
    tensorflow: '1.0',
    pip: pin('pip', { 'pip/__main__.py': bytes('pass') }),
    cpu,
    cuda: cpu,
    cuda13,
    cards,
  }
  cpSync(join(root, 'resources', 'engine'), join(resources, 'engine'), { recursive: true })
  writeFileSync(join(resources, 'engine', 'wheels.json'), JSON.stringify(pins))
  if (addon) writeFileSync(join(resources, 'engine', 'tfjs_binding.node'), 'an addon')
  const python = join(programs, 'python3')
  writeFileSync(
    python,
    `#!/bin/sh\nexec '${process.execPath}' '${join(import.meta.dirname, 'fake-python.mjs')}' '${folder}' "$@"\n`,
  )
  chmodSync(python, 0o755)
  writeFileSync(join(folder, 'answers.json'), JSON.stringify({ pip: pip ? 'well' : 'none' }))
  vi.stubEnv('PATH', programs)
  return {
    home,
    resources,
    answer: (project, how) => {
      const file = join(folder, 'answers.json')
      writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), [project]: how }))
    },
    asked: () => {
      const log = join(folder, 'asked')
      return existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []
    },
    environment: { ...process.env, PATH: programs },
  }
}

/** An installation from this index, with the double of a native engine, and what it told. */
export async function installFrom(
  index: Index,
  change: Partial<InstallOptions> = {},
): Promise<{ events: InstallEvent[]; error: unknown }> {
  const events: InstallEvent[] = []
  const options: InstallOptions = {
    home: index.home,
    resources: index.resources,
    kind: 'cpu',
    start: nativeDouble,
    inUse: () => false,
    tell: (event) => events.push(event),
    signal: new AbortController().signal,
    ...change,
  }
  const error = await install(options).then(
    () => null,
    (thrown: unknown) => thrown,
  )
  return { events, error }
}
