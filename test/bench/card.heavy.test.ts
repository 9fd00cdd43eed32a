// A visit to a card without one: the dry way goes through every case, on every engine that is here, and keeps what it
// has after each; the bars are read off the paired ratios.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, expect, test } from 'vitest'

import { bars, cardCases } from '../../src-main/bench/card/cases.ts'
import { barLines, type CardBench, cardBenchSchema, reached } from '../../src-main/bench/card/report.ts'
import { visitCard } from '../../src-main/bench/card/visit.ts'
import { processesIn } from '../../src-main/bench/machine.ts'

const folder = mkdtempSync(join(tmpdir(), 'basil-card-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const options = {
  json: false,
  only: '',
  rounds: 1,
  peer: false,
  python: null,
  scratch: join(folder, 'scratch'),
  basil: 'test',
  environment: { ...process.env, PATH: '/usr/bin:/bin' },
  checkout: join(import.meta.dirname, '..', '..'),
  records: join(folder, 'records'),
  dry: true,
  seconds: 3600,
}

function kept(records = options.records): CardBench {
  const file = readdirSync(records)
    .filter((name) => name.startsWith('card-'))
    .sort()
    .at(-1) as string
  return cardBenchSchema.parse(JSON.parse(readFileSync(join(records, file), 'utf8')))
}

test('the dry way goes through every case, and each side has figures or says why it has none', async () => {
  expect(await visitCard(options)).toBe(true)
  const { cases, left, dry } = kept()
  expect({ names: cases.map(({ name }) => name), left, dry }).toEqual({
    names: cardCases(false).map(({ name }) => name),
    left: [],
    dry: true,
  })
  for (const { sides } of cases)
    for (const { label, wall, problem } of sides) {
      if (label === 'cuda') expect(wall, problem).toBeGreaterThan(0)
      else if (wall === null) expect(problem).not.toBe('')
    }
  const rounded = cases.flatMap(({ sides }) => sides).find(({ label }) => label === 'cuda tf32')
  if (rounded?.wall === null) expect(rounded.problem).toMatch(/and tf32 was asked for$/)
})

test('a visit whose time is over keeps what it has and names what was left', async () => {
  const records = join(folder, 'short')
  expect(await visitCard({ ...options, seconds: 0.2, records })).toBe(false)
  const { cases, left } = kept(records)
  expect([...cases.map(({ name }) => name), ...left]).toEqual(cardCases(true).map(({ name }) => name))
  expect(left.length).toBeGreaterThan(0)
})

test('every bar is a case of the visit, and of several products the best counts', () => {
  const names = cardCases(false).map(({ name }) => name)
  for (const bar of bars) expect(names).toContain(bar.case)
  const side = { name: '', rounds: 1, wall: 1, cpu: 1, host: 1, deviceBytes: 1, ownBytes: 1, difference: 0 }
  const row = (label: string, ratio: number, memoryRatio: number, problem = '') => ({
    ...side,
    label,
    ratio,
    memoryRatio,
    problem,
  })
  const cases = [
    { name: 'b32-batch128-vectors8', seconds: 1, sides: [row('cuda', 0.65, 0.7), row('webgpu', 0.5, 0.5, 'WRONG')] },
    { name: 'b32-batch128-vectors1-products', seconds: 1, sides: [row('cuda tf32', 0.6, 1), row('cuda bf16', 0.4, 1)] },
  ]
  const values = reached(cases).flatMap(({ bar, engine, value }) =>
    value === null ? [] : [[bar.case, bar.of, engine, value]],
  )
  expect(values).toEqual([
    ['b32-batch128-vectors8', 'step', 'cuda', 0.65],
    ['b32-batch128-vectors8', 'memory', 'cuda', 0.7],
    ['b32-batch128-vectors1-products', 'step', 'cuda', 0.4],
  ])
  const machine = { system: '', processor: '', cores: 1, memoryBytes: 1, gpus: [] }
  const document = {
    type: 'bench-card' as const,
    basil: '',
    date: '',
    dry: false,
    machine,
    peer: '',
    seconds: 1,
    left: [],
  }
  const lines = barLines({ ...document, cases }).filter((line) => /held|missed/.test(line))
  expect(lines.map((line) => /held|missed/.exec(line)?.[0])).toEqual(['held', 'missed', 'held'])
})

test('the memory of a process that uses Vulkan is read off the full list', () => {
  const xml = `<processes><process_info><gpu_instance_id>N/A</gpu_instance_id><pid>12</pid><type>G</type>
<process_name>node</process_name><used_memory>300 MiB</used_memory></process_info><process_info><pid>13</pid>
<type>C</type><used_memory>5 MiB</used_memory></process_info></processes>`
  expect(processesIn(xml)).toEqual([
    [12, 300],
    [13, 5],
  ])
})
