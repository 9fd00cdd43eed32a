// What a look at files says of WebGPU: the first thing that is missing, and what to do about it.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { expect, test } from 'vitest'

import { type Places, webgpuMissing, webgpuNext } from '../../../src-main/workbench/engines/here.ts'
import { temporaryFolder } from '../toy.ts'

/** A Linux machine with these files. */
function machine(files: string[], version = '0.6.2'): Places {
  const folder = temporaryFolder()
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), '')
  }
  return {
    platform: 'linux',
    libraries: [join(folder, 'lib')],
    drivers: [join(folder, 'icd.d')],
    devices: join(folder, 'dev'),
    package: () => {
      if (!version) throw new Error('Cannot find module')
      return version
    },
    program: () => '/usr/bin/node',
  }
}

const loader = 'lib/libvulkan.so.1'
const nvidia = ['dev/nvidia0', loader, 'icd.d/nvidia_icd.json']

test.each<[string, string[], RegExp, RegExp]>([
  ['no card', [loader], /there is no GPU/, /^$/],
  ['no loader', ['dev/dri/renderD128'], /Vulkan loader is missing/, /libvulkan1/],
  ['no driver', ['dev/dri/renderD128', loader], /no Vulkan driver is installed/, /mesa-vulkan-drivers/],
  ['a sound Mesa', ['dev/dri/renderD128', loader, 'icd.d/radeon_icd.json'], /^$/, /^$/],
  ['NVIDIA without X', nvidia, /without libX11.so.6 and libXext.so.6 and libGLdispatch.so.0/, /libx11-6, libxext6/],
  ['NVIDIA', [...nvidia, 'lib/libX11.so.6', 'lib/libXext.so.6', 'lib/libGLdispatch.so.0'], /^$/, /^$/],
])('%s', (_, files, why, next) => {
  const found = webgpuMissing({}, machine(files))
  expect(found).toMatch(why)
  expect(webgpuNext(found)).toMatch(next)
})

test('a driver that was named needs no card; a package that is not there is said first; other systems bring drivers', () => {
  expect(webgpuMissing({ VK_DRIVER_FILES: '/a.json' }, machine([loader]))).toBe('')
  expect(webgpuMissing({}, machine(nvidia, ''))).toMatch(/package webgpu is not installed/)
  expect(webgpuMissing({}, { ...machine([]), platform: 'darwin' })).toBe('')
  expect(webgpuMissing({}, { ...machine([]), platform: 'darwin', program: () => null })).toMatch(
    /plain Node, and none came/,
  )
})
