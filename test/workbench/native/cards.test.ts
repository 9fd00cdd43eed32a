// Which CUDA a card and its driver get, what is said of it, and who is refused before anything is fetched. Cards as
// nvidia-smi tells of them.
import { join } from 'node:path'

import { expect, test } from 'vitest'

import type { Gpu } from '../../../src-main/contract/api/native.ts'
import { cudaFor } from '../../../src-main/workbench/native/cards.ts'
import { installerStatus } from '../../../src-main/workbench/native/installer.ts'
import { readPins } from '../../../src-main/workbench/native/wheels.ts'

const pins = readPins(join(import.meta.dirname, '../../../resources'))
const card = (name: string, capability: string, driver: string, index = 0): Gpu => ({
  id: `gpu:${index}`,
  name,
  memoryBytes: 2 ** 33,
  freeBytes: 2 ** 33,
  driver,
  capability,
})
const planFor = (...gpus: Gpu[]) => cudaFor({ gpus, noGpu: '' }, pins)

test('what is offered for a card is as large as what it would get', () => {
  const resources = join(import.meta.dirname, '../../../resources')
  const offered = (...gpus: Gpu[]) =>
    installerStatus(join(resources, 'nowhere'), resources, gpus).offers.find(({ kind }) => kind === 'cuda')
  const sizes = (wheels: typeof pins.cuda) => ({
    downloadBytes: wheels.reduce((all, { bytes }) => all + bytes, 0),
    bytes: wheels.reduce((all, { unpacked }) => all + unpacked, 0),
  })
  expect(offered(card('NVIDIA GeForce RTX 4090', '8.9', '580.65.06'))).toMatchObject(sizes(pins.cuda13))
  expect(offered(card('Tesla V100', '7.0', '580.159.04'))).toMatchObject(sizes(pins.cuda))
  expect(offered()).toMatchObject(sizes(pins.cuda))
  expect(sizes(pins.cuda13).bytes).toBeLessThan(sizes(pins.cuda).bytes)
})

test.each<[string, string, string, '12' | '13', RegExp | null]>([
  ['NVIDIA GeForce GTX 1080', '6.1', '580.159.04', '12', null],
  ['Tesla V100', '7.0', '580.159.04', '12', null],
  ['NVIDIA GeForce RTX 2080', '7.5', '580.159.04', '13', null],
  ['NVIDIA GeForce RTX 3090', '8.6', '570.86.15', '12', null],
  ['NVIDIA GeForce RTX 4090', '8.9', '580.65.06', '13', null],
  ['NVIDIA H200', '9.0', '580.159.04', '13', null],
  ['NVIDIA GeForce RTX 5090', '12.0', '575.57.08', '12', /RTX 5090, compute capability 12\.0\) is newer/],
  ['NVIDIA GeForce RTX 5090', '12.0', '590.10', '13', /the driver compiles its code at the first start/],
  ['a card whose driver does not tell', '', '535.10', '12', null],
])('%s (%s, driver %s) gets CUDA %s', (name, capability, driver, cuda, compiles) => {
  const { wheels, notes } = planFor(card(name, capability, driver))
  expect(wheels).toBe(cuda === '13' ? pins.cuda13 : pins.cuda)
  expect(notes[0]).toMatch(cuda === '13' ? /^Driver .* runs CUDA 13/ : /^CUDA 12 is fetched: CUDA 13 needs driver 580/)
  expect(notes.slice(1)).toEqual(compiles ? [expect.stringMatching(compiles)] : [])
})

test('a card that is too old is refused with the reason; beside one that is not, it is named and left alone', () => {
  const old = card('NVIDIA GeForce GTX 980', '5.2', '580.65.06', 1)
  expect(() => planFor(old)).toThrow(
    'The GPU is too old for this TensorFlow (NVIDIA GeForce GTX 980): its compute capability is 5.2, and the library has code for 6.0 and newer. Next: install the engine for the CPU ("--cpu").',
  )
  const { wheels, notes } = planFor(card('NVIDIA GeForce RTX 4090', '8.9', '580.65.06'), old)
  expect(wheels).toBe(pins.cuda13)
  expect(notes[1]).toBe('gpu:1 (NVIDIA GeForce GTX 980, compute capability 5.2) is too old, and is not used.')
})

test('a driver that is too old, and none at all', () => {
  expect(() => planFor(card('NVIDIA GeForce RTX 3090', '8.6', '470.256.02'))).toThrow(
    'The NVIDIA driver is too old (NVIDIA GeForce RTX 3090): it is 470.256.02, and CUDA 12 needs 525.60.13 or newer.',
  )
  expect(() => cudaFor({ gpus: [], noGpu: 'No devices were found' }, pins)).toThrow('No devices were found')
})
