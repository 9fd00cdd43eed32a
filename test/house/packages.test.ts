// Every production package has its reason in docs/packages.md, one row for each, and no row is of one that has gone;
// what of TensorFlow.js is used is told there as the sources have it.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..', '..')
const read = (name: string): string => readFileSync(join(root, name), 'utf8')

it('each package that ships has a reason, and what would take its place', () => {
  const {
    dependencies,
    optionalDependencies,
  }: Record<string, Record<string, string>> = JSON.parse(read('package.json'))
  const rows = read('docs/packages.md')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim()))
  const named = rows.flatMap(([, names = '']) => [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name))
  expect(named.toSorted()).toEqual(Object.keys({ ...dependencies, ...optionalDependencies }).toSorted())
  expect(rows.filter(([, , why = '', instead = '']) => why.length < 10 || instead.length < 5)).toEqual([])
})

describe('what of TensorFlow.js is used', () => {
  const devices = join('src-main', 'engine', 'devices')
  const used = (folder: string): string[] => {
    const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    const texts = files.filter((name) => name.endsWith('.ts')).map((name) => read(join(folder, name)))
    const names = texts.flatMap((text) => [...text.matchAll(/\btf\.([a-z]\w*)/g)].map(([, name = '']) => name))
    return [...new Set(names)].filter((name) => name !== 'ts').toSorted() // "../tf.ts"
  }
  const told = (engine: string): string[] => {
    const row = read('docs/packages.md')
      .split('\n')
      .find((line) => line.startsWith(`| ${engine} |`))
    const lists = [...(row ?? '').matchAll(/(?:Called|operations|Besides): ([\w, ]+)/g)]
    return lists.flatMap(([, list = '']) => list.trim().split(', ')).toSorted()
  }

  it.each(['wasm', 'native'])('by the engine %s is told whole', (engine) => {
    expect(used(join(devices, engine))).toEqual(told(engine))
  })
  it('is nothing by WebGPU and in float64, and nothing outside of the devices', () => {
    for (const folder of ['webgpu', 'double']) expect(used(join(devices, folder))).toEqual([])
    const others = readdirSync(join(root, 'src-main'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.startsWith(join('engine', 'devices')))
      .filter((name) => /from '@tensorflow|\/tf(-tensors)?\.ts'/.test(read(join('src-main', name))))
    expect(others).toEqual([])
  })
})
