// Before the trash is emptied: how many runs go, and how many of them studies would lack.
import { expect, test } from 'vitest'

import { trashText } from '../../../../src-renderer/plot/runs/trash.ts'

test('says how many runs go, and of those of studies that they would be computed anew', () => {
  expect(trashText({ runs: 12, ofStudies: 5, bytes: 2 ** 20 })).toBe(
    '12 runs and all they learned go for good, about 1.00 MiB. 5 runs of them belong to studies, which would compute them anew if they went on. Files that were exported stay.',
  )
  expect(trashText({ runs: 4, ofStudies: 1, bytes: 2 ** 20 })).toContain(
    '1 run of them belongs to studies, which would compute it anew',
  )
  expect(trashText({ runs: 1, ofStudies: 0, bytes: 2 ** 20 })).not.toContain('studies')
})
