// Choosing a run of all that have a model: the question asked of the history, and what stays when it is a wrong one.
import { beforeEach, expect, test, vi } from 'vitest'

import { parseQuery } from '../../../../src-main/contract/run/query/query.ts'
import { RunChoice } from '../../../../src-renderer/state/history/run-choice.svelte.ts'

const asked = vi.hoisted(() => [] as { query: string; limit: number }[])
vi.mock('../../../../src-renderer/bridge.ts', () => ({
  client: {
    runs: {
      list: async (wanted: { query: string; limit: number }) => {
        asked.push(wanted)
        return { rows: [{ run: 9000 }], total: 8000 }
      },
    },
  },
}))
beforeEach(() => void asked.splice(0))

const withModel = () => new RunChoice([{ not: false, field: 'state', operator: ':', values: ['done', 'stopped'] }])

test('every run that has a model is asked for, of whatever age, and how many there are is told', async () => {
  const choice = withModel()
  expect(choice.total).toBeNull()
  await choice.find('')
  expect(asked.map(({ query }) => parseQuery(query))).toEqual([parseQuery('state:done,stopped')])
  expect([choice.total, choice.rows.map(({ run }) => run)]).toEqual([8000, [9000]])
})

test('what the person asks comes beside it; what cannot be read leaves what was found', async () => {
  const choice = withModel()
  await choice.find('cars accuracy>80%')
  expect(parseQuery(asked[0]?.query ?? '')).toEqual(parseQuery('cars accuracy>80% state:done,stopped'))
  await choice.find('statte:done')
  expect(choice.fault?.why).toContain('statte')
  expect([asked.length, choice.total]).toEqual([1, 8000])
})
