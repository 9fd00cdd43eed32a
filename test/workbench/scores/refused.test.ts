// What of a search cannot be, each told in a sentence before any model is scored.
import { existsSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { asksSearch, type SearchOptions } from '../../../src-main/cli/search/options.ts'
import { search, withToys } from './searching.ts'

test('what cannot be is refused before anything is scored', async () => {
  const folder = await withToys()
  const asked = (given: SearchOptions): Promise<unknown> => search(folder, given)
  await expect(asked({ score: 'p model' })).rejects.toThrow(/says nowhere \{model\}/)
  await expect(asked({ evaluations: 9 })).rejects.toThrow(/only a search by cma-es/)
  await expect(asked({ search: 'cma-es', limits: [0, 0.5] })).rejects.toThrow(/begins at the weights, and one is 1/)
  await expect(asked({ method: 'regmean' })).rejects.toThrow(/A search looks at no images/)
  for (const lost of [{ evaluations: 9 }, { scoreSeconds: 2 }, { scoreLog: 'a' }, { sigma: 1 }, { depths: 2 }])
    expect(() => asksSearch(lost)).toThrow(/nothing says how good a model is/)
  await expect(asked({ search: 'cma-es', method: 'slerp' })).rejects.toThrow(/takes no weights/)
  await expect(asked({ search: 'cma-es', seed: '-1' })).rejects.toThrow(/no seed/)
  await expect(asked({ sweep: ['lambda=x'] })).rejects.toThrow(/no coefficient/)
  await expect(asked({ sweep: ['lambda=0.1,0.2', 'nothing=1'] })).rejects.toThrow(/does not take this parameter/)
  const unbased = { pretrained: undefined, method: 'weighted-average', bound: ['score>=0.9*base'] }
  await expect(asked(unbased)).rejects.toThrow(/no pre-trained model is scored/)
  expect(existsSync(join(folder, 'record'))).toBe(false)
})
