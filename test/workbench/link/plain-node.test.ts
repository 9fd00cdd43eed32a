// Which process of the engine needs a plain Node, and that the one of the package can run it: WebGPU's binding loads there.
import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join, sep } from 'node:path'

import { expect, test } from 'vitest'

import { needsPlainNode, plainNode, unpacked } from '../../../src-main/workbench/link/plain-node.ts'

test('only a process that may open WebGPU needs it', () => {
  expect(needsPlainNode({ BASIL_ENGINES: 'native-gpu,webgpu,wasm' })).toBe(true)
  expect(needsPlainNode({ BASIL_ENGINES: 'native-cpu,wasm' })).toBe(false)
  expect(needsPlainNode({ BASIL_BACKEND: 'webgpu' })).toBe(true)
  expect(needsPlainNode({ BASIL_BACKEND: 'wasm', BASIL_ENGINES: 'webgpu' })).toBe(false)
  expect(needsPlainNode({})).toBe(false)
})

test('outside of Electron it is this Node; in a packed program it lies beside the archive', () => {
  expect(plainNode()).toBe(process.execPath)
  const inside = ['', 'opt', 'Basil', 'resources', 'app.asar', 'out', 'main', 'engine.js'].join(sep)
  expect(unpacked(inside)).toBe(inside.replace('app.asar', 'app.asar.unpacked'))
  expect(unpacked('/a/checkout/out/main/engine.js')).toBe('/a/checkout/out/main/engine.js')
})

test.runIf(process.platform === 'linux')("the package's Node loads the binding", () => {
  const require = createRequire(import.meta.url)
  const node = join(dirname(require.resolve(`node-linux-${process.arch}/package.json`)), 'bin', 'node')
  const script = `import('webgpu').then(({ create }) => console.log(typeof create([])))`
  expect(execFileSync(node, ['-e', script], { encoding: 'utf8', cwd: import.meta.dirname })).toBe('object\n')
})
